-- Each series becomes one list, which is judged as a whole. Lists are spread over further rows that have none, so that
-- DuckDB, which passes 2,048 rows at a time, passes about $points points at a time; memory stays bounded.
WITH adsql_source AS NOT MATERIALIZED (
$source
),
adsql_series AS (
SELECT adsql_key, list({'t': adsql_time, $fields, 'x': adsql_excluded}) AS adsql_rows
FROM (
    SELECT $key AS adsql_key, adsql_source.$time AS adsql_time, $values, $excluded AS adsql_excluded
    FROM adsql_source
)
GROUP BY adsql_key
),
adsql_spread AS (
SELECT adsql_key, CASE WHEN adsql_place = 0 THEN adsql_rows END AS adsql_rows, adsql_place
FROM (
    SELECT
        adsql_key,
        adsql_rows,
        unnest(range(1 + least(2047, (len(adsql_rows) * 2048) // $points))) AS adsql_place
    FROM adsql_series
)
),
adsql_judged AS (
SELECT adsql_key, adsql_place, adsql_rows, __adsql_judge_series(adsql_rows, $options) AS adsql_series_result
FROM adsql_spread
)
SELECT
    adsql_key AS series,
    adsql_row.t AS ts,
    $value AS value,
    adsql_result.expected_value AS expected_value,
    adsql_result.lower_bound AS lower_bound,
    adsql_result.upper_bound AS upper_bound,
    adsql_result.anomaly_score AS anomaly_score,
    adsql_result.severity AS severity,
    adsql_result.is_anomaly AS is_anomaly,
    adsql_result.status AS status,
    adsql_algorithms[1 + adsql_result.algorithm] AS algorithm,
    adsql_season AS season
FROM (
    SELECT
        adsql_key,
        unnest(adsql_rows) AS adsql_row,
        unnest(adsql_series_result.points) AS adsql_result,
        adsql_series_result.algorithms AS adsql_algorithms,
        adsql_series_result.season AS adsql_season
    FROM adsql_judged
    WHERE adsql_place = 0
)
WHERE adsql_result.asked
