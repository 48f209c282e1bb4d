-- Scores the inserted rows in chunks, as in scored.sql, but keeps the numbers of the anomalies only: rows of a
-- transition table come in one order whenever it is read, so the second pass finds them by their numbers.
WITH found AS MATERIALIZED (
    SELECT result.number, result.anomaly_score, result.severity
    FROM (
        SELECT
            pg_catalog.count(*) OPERATOR(pg_catalog.+) COALESCE(pg_catalog.min(0 ORDER BY 0) FILTER (WHERE false), 0) AS n,
            ARRAY[pg_catalog.string_agg(pg_catalog.int8send(numbered.$number), ''), $parts]::pg_catalog.bytea[] AS parts
        FROM (SELECT pg_catalog.row_number() OVER () AS $number, $used FROM adsql_new) AS numbered
        GROUP BY (numbered.$number OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog./) $size
    ) AS chunk
    CROSS JOIN LATERAL adsql.__find_anomalies($model, $threshold, $described, chunk.n, chunk.parts) AS scored
    CROSS JOIN LATERAL ROWS FROM (
        pg_catalog.unnest(scored.numbers::pg_catalog.int8[]),
        pg_catalog.unnest(scored.anomaly_score::pg_catalog.float8[]),
        pg_catalog.unnest(scored.severity::pg_catalog.float8[])
    ) AS result (number, anomaly_score, severity)
),
strangest AS (
    SELECT found.number, found.anomaly_score, found.severity
    FROM found
    ORDER BY found.anomaly_score DESC, found.number
    LIMIT $most
),
written AS (
    INSERT INTO adsql.anomaly_events (alert, owner, table_name, model, model_version, "row", anomaly_score, severity)
    SELECT $event, pg_catalog.to_jsonb(kept.*), strangest.anomaly_score, strangest.severity
    FROM strangest
    JOIN (SELECT adsql_new.*, pg_catalog.row_number() OVER () AS $number FROM adsql_new) AS numbered
    ON numbered.$number OPERATOR(pg_catalog.=) strangest.number
    CROSS JOIN LATERAL (SELECT $kept) AS kept
    ORDER BY strangest.anomaly_score DESC, strangest.number
    RETURNING 1
)
SELECT $version, pg_catalog.count(*), (SELECT pg_catalog.count(*) FROM written), pg_catalog.max(found.anomaly_score)
FROM found
