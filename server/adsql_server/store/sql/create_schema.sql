CREATE SCHEMA IF NOT EXISTS adsql_gateway;
CREATE TABLE IF NOT EXISTS adsql_gateway.migrations (
    number   INTEGER  PRIMARY KEY,
    name     TEXT     NOT NULL,
    sha256   TEXT     NOT NULL
);
