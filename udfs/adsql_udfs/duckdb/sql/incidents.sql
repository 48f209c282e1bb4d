-- Runs of anomalous points in the order of time; $max_gap other points at most may lie between two of them.
WITH adsql_points AS (
SELECT *, row_number() OVER (PARTITION BY series ORDER BY ts) AS adsql_number
FROM (
$source
)
WHERE ts IS NOT NULL
),
adsql_steps AS (
SELECT *, adsql_number - lag(adsql_number) OVER (PARTITION BY series ORDER BY adsql_number) - 1 AS adsql_gap
FROM adsql_points
WHERE is_anomaly
),
adsql_runs AS (
SELECT
    *,
    count(*) FILTER (WHERE adsql_gap IS NULL OR adsql_gap > $max_gap) OVER (
        PARTITION BY series ORDER BY adsql_number
    ) AS adsql_run
FROM adsql_steps
)
SELECT
    series,
    adsql_run AS incident,
    min(ts) AS started_at,
    max(ts) AS ended_at,
    first(ts ORDER BY anomaly_score DESC, adsql_number) AS peak_at,
    first(value ORDER BY anomaly_score DESC, adsql_number) AS peak_value,
    first(expected_value ORDER BY anomaly_score DESC, adsql_number) AS expected_value,
    max(anomaly_score) AS anomaly_score,
    max(severity) AS severity,
    count(*) AS points
FROM adsql_runs
GROUP BY series, adsql_run
