-- Work that outlives its request. `gateway` is the process that does it, and `seen_at` when that was last alive.
CREATE TABLE adsql_gateway.jobs (
    id           TEXT         PRIMARY KEY,
    tenant       TEXT         NOT NULL,
    user_id      TEXT         NOT NULL,
    kind         TEXT         NOT NULL,
    subject      TEXT,
    state        TEXT         NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    gateway      TEXT         NOT NULL,
    created_at   TIMESTAMPTZ  NOT NULL,
    started_at   TIMESTAMPTZ,
    finished_at  TIMESTAMPTZ,
    seen_at      TIMESTAMPTZ  NOT NULL,
    total_rows   BIGINT,
    row_count    BIGINT       NOT NULL,
    problem      TEXT
);

-- The rows of a job's result, as Arrow streams of a few thousand each.
CREATE TABLE adsql_gateway.job_results (
    job_id  TEXT     NOT NULL,
    number  INTEGER  NOT NULL,
    rows    BYTEA    NOT NULL,
    PRIMARY KEY (job_id, number)
);
