-- Runs of anomalous points in the order of time; $max_gap other points at most may lie between two of them.
WITH points AS (
    SELECT
        adsql_source.series::pg_catalog.text AS series,
        adsql_source.ts::pg_catalog.timestamptz AS ts,
        adsql_source.value::pg_catalog.float8 AS value,
        adsql_source.expected_value::pg_catalog.float8 AS expected_value,
        adsql_source.anomaly_score::pg_catalog.float8 AS anomaly_score,
        adsql_source.severity::pg_catalog.float8 AS severity,
        adsql_source.is_anomaly::pg_catalog.bool AS is_anomaly
    FROM (
$source
    ) AS adsql_source
),
numbered AS (
    SELECT *, pg_catalog.row_number() OVER (PARTITION BY series ORDER BY ts) AS place
    FROM points
    WHERE ts IS NOT NULL
),
steps AS (
    SELECT *, pg_catalog.lag(place) OVER (PARTITION BY series ORDER BY place) AS place_before
    FROM numbered
    WHERE is_anomaly
),
runs AS (
    SELECT
        *,
        pg_catalog.count(*) FILTER (
            WHERE place_before IS NULL
            OR (place OPERATOR(pg_catalog.-) place_before) OPERATOR(pg_catalog.-) 1 OPERATOR(pg_catalog.>) $max_gap
        ) OVER (PARTITION BY series ORDER BY place) AS run
    FROM steps
)
SELECT
    series,
    run,
    pg_catalog.min(ts),
    pg_catalog.max(ts),
    (pg_catalog.array_agg(ts ORDER BY anomaly_score DESC, place))[1],
    (pg_catalog.array_agg(value ORDER BY anomaly_score DESC, place))[1],
    (pg_catalog.array_agg(expected_value ORDER BY anomaly_score DESC, place))[1],
    pg_catalog.max(anomaly_score),
    pg_catalog.max(severity),
    pg_catalog.count(*)
FROM runs
GROUP BY series, run
