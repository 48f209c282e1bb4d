-- Rank the rows of a source among each other. It is read once: rows and results come out of one value, so that
-- nothing has to find its partner again. All rows are counted, but no more than can be ranked are kept.
WITH adsql_source AS NOT MATERIALIZED (
$source
),
adsql_collected AS MATERIALIZED (
SELECT count(*) AS n, list(adsql_row ORDER BY adsql_number) FILTER (WHERE adsql_number <= $rows) AS rows
FROM (
    SELECT adsql_source AS adsql_row, row_number() OVER () AS adsql_number
    FROM adsql_source
)
),
adsql_ranked AS MATERIALIZED (
SELECT rows, __adsql_rank(rows, n, $options) AS results
FROM adsql_collected
)
SELECT
    unnest(adsql_row),
    adsql_result.anomaly_score AS anomaly_score,
    adsql_result.severity AS severity,
    adsql_result.is_anomaly AS is_anomaly
FROM (
    SELECT unnest(rows) AS adsql_row, unnest(results) AS adsql_result
    FROM adsql_ranked
)
