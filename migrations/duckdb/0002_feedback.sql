-- What people said of rows: a verdict each, kept with the row. Of several on one row, the newest counts.
-- `row_key` tells the row for people and for a newer verdict; without one, the row itself does.
CREATE TABLE adsql.feedback (
    model     VARCHAR   NOT NULL,
    row_key   VARCHAR,
    "row"     JSON      NOT NULL,
    verdict   VARCHAR   NOT NULL CHECK (verdict IN ('anomaly', 'normal')),
    given_by  VARCHAR,
    given_at  TIMESTAMP NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    note      VARCHAR
);
