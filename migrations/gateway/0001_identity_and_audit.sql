-- The gateway's own tables, in SQL that DuckDB and PostgreSQL both read. They are in a DuckDB file of their own, or in
-- a schema that no tenant's role may use. Nothing refers to another table by a foreign key: DuckDB does not let one
-- transaction delete a row and those that point to it.
CREATE TABLE adsql_gateway.tenants (
    name        TEXT         PRIMARY KEY,
    created_at  TIMESTAMPTZ  NOT NULL
);

CREATE TABLE adsql_gateway.users (
    id             TEXT         PRIMARY KEY,
    username       TEXT         NOT NULL UNIQUE,
    tenant         TEXT         NOT NULL,
    role           TEXT         NOT NULL CHECK (role IN ('read', 'write', 'admin')),
    password_hash  TEXT         NOT NULL,
    -- A password that somebody else has seen, and which opens nothing but its own change.
    one_time       BOOLEAN      NOT NULL,
    active         BOOLEAN      NOT NULL,
    created_at     TIMESTAMPTZ  NOT NULL
);

-- A login and all the refresh tokens that follow from it: revoked together.
CREATE TABLE adsql_gateway.sessions (
    id           TEXT         PRIMARY KEY,
    user_id      TEXT         NOT NULL,
    role         TEXT         NOT NULL CHECK (role IN ('read', 'write', 'admin')),
    created_at   TIMESTAMPTZ  NOT NULL,
    expires_at   TIMESTAMPTZ  NOT NULL,
    revoked_at   TIMESTAMPTZ,
    revoked_for  TEXT
);

-- Used ones are kept until the session ends: one that comes again was stolen.
CREATE TABLE adsql_gateway.refresh_tokens (
    token_hash  TEXT         PRIMARY KEY,
    session_id  TEXT         NOT NULL,
    issued_at   TIMESTAMPTZ  NOT NULL,
    used_at     TIMESTAMPTZ
);

CREATE TABLE adsql_gateway.api_keys (
    id           TEXT         PRIMARY KEY,
    user_id      TEXT         NOT NULL,
    name         TEXT         NOT NULL,
    role         TEXT         NOT NULL CHECK (role IN ('read', 'write', 'admin')),
    secret_hash  TEXT         NOT NULL,
    created_at   TIMESTAMPTZ  NOT NULL,
    expires_at   TIMESTAMPTZ  NOT NULL,
    revoked_at   TIMESTAMPTZ
);

-- One row a request. Names are copied, so that a row outlives the user it speaks of.
CREATE TABLE adsql_gateway.audit (
    happened_at  TIMESTAMPTZ       NOT NULL,
    request_id   TEXT              NOT NULL,
    user_id      TEXT,
    username     TEXT,
    tenant       TEXT,
    credential   TEXT,
    address      TEXT              NOT NULL,
    method       TEXT              NOT NULL,
    path         TEXT              NOT NULL,
    subject      TEXT,
    status       INTEGER           NOT NULL,
    code         TEXT,
    row_count    BIGINT,
    duration_ms  DOUBLE PRECISION  NOT NULL
);
