-- Of the rows that a query calls anomalies, the strangest of each day and segment stay anomalies. Days and segments are
-- asked of anomalies alone, and of the first row, so that a source without the column of the days is always refused.
-- The join loses the order of the rows, which their place restores.
WITH adsql_placed AS MATERIALIZED (
SELECT
    *,
    CASE WHEN is_anomaly OR adsql_place = 1 THEN __adsql_alert_group(adsql_numbered, $column, $segments) END AS adsql_group
FROM (
    SELECT *, row_number() OVER () AS adsql_place
    FROM (
$scored
    )
) AS adsql_numbered
),
adsql_kept AS MATERIALIZED (
SELECT adsql_place
FROM adsql_placed
WHERE is_anomaly
QUALIFY row_number() OVER (PARTITION BY adsql_group ORDER BY anomaly_score DESC, adsql_place) <= $most
)
SELECT
    * EXCLUDE (adsql_place, adsql_group)
    REPLACE (CASE WHEN is_anomaly THEN adsql_place IN (FROM adsql_kept) ELSE is_anomaly END AS is_anomaly)
FROM adsql_placed
ORDER BY adsql_place
