-- Before the first migration: where they are recorded.
CREATE SCHEMA IF NOT EXISTS adsql;
CREATE TABLE IF NOT EXISTS adsql.migrations (
    number     INTEGER     PRIMARY KEY,
    name       VARCHAR     NOT NULL,
    sha256     VARCHAR     NOT NULL,
    applied_at TIMESTAMP   NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);
