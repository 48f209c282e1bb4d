-- Of the rows that a query calls anomalies, the strangest of each day and segment stay anomalies. Days and segments are
-- asked of anomalies alone, and of the first row, so that a source without the column of the days is always refused.
-- The join loses the order of the rows, which their place restores. Whole rows are kept as structs: their columns may
-- have any names.
WITH adsql_placed AS MATERIALIZED (
SELECT
    adsql_row,
    adsql_place,
    CASE WHEN adsql_row.is_anomaly OR adsql_place = 1 THEN __adsql_alert_group(adsql_row, $column, $segments) END AS adsql_group
FROM (
    SELECT struct_pack(*COLUMNS(*)) AS adsql_row, row_number() OVER () AS adsql_place
    FROM (
$scored
    )
)
),
adsql_kept AS MATERIALIZED (
SELECT adsql_place
FROM adsql_placed
WHERE adsql_row.is_anomaly
QUALIFY row_number() OVER (PARTITION BY adsql_group ORDER BY adsql_row.anomaly_score DESC, adsql_place) <= $most
)
SELECT adsql_row.* REPLACE (
    CASE WHEN adsql_row.is_anomaly THEN adsql_place IN (FROM adsql_kept) ELSE adsql_row.is_anomaly END AS is_anomaly
)
FROM adsql_placed
ORDER BY adsql_place
