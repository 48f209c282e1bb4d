-- Saved models: one row a version, never updated. `state` is an Arrow IPC stream whose SHA-256 is `content_hash`.
-- Times are UTC without a zone: Python clients need a further package to read TIMESTAMPTZ.
CREATE TABLE adsql.models (
    name              VARCHAR     NOT NULL CHECK (name <> ''),
    version           INTEGER     NOT NULL CHECK (version >= 1),
    algorithm         VARCHAR     NOT NULL,
    params            VARCHAR     NOT NULL,
    columns           VARCHAR[]   NOT NULL,
    segment_by        VARCHAR[]   NOT NULL,
    n_segments        INTEGER     NOT NULL,
    n_rows            BIGINT      NOT NULL,
    n_features        INTEGER     NOT NULL,
    threshold         DOUBLE,
    threshold_policy  VARCHAR     NOT NULL,
    seed              BIGINT      NOT NULL,
    source            VARCHAR     NOT NULL,
    library_versions  VARCHAR     NOT NULL,
    content_hash      VARCHAR     NOT NULL,
    state             BLOB        NOT NULL,
    created_at        TIMESTAMP   NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    PRIMARY KEY (name, version)
);
