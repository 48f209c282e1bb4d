-- Of the rows that a query calls anomalies, the strangest of each day and segment stay anomalies. The join loses the order
-- of the rows, which their place restores. What does not fit into work_mem, the server keeps and sorts on disk.
WITH placed AS MATERIALIZED (
    SELECT scored.*, pg_catalog.row_number() OVER () AS $place
    FROM (
$scored
    ) AS scored
),
ranked AS (
    SELECT
        $place,
        pg_catalog.row_number() OVER (
            PARTITION BY $group COLLATE pg_catalog."C" ORDER BY anomaly_score DESC, $place
        ) AS adsql_rank
    FROM placed
    WHERE is_anomaly
)
SELECT
    $names,
    placed.anomaly_score,
    placed.severity,
    CASE WHEN placed.is_anomaly THEN ranked.$place IS NOT NULL ELSE placed.is_anomaly END AS is_anomaly
FROM placed
LEFT JOIN ranked
    ON ranked.$place OPERATOR(pg_catalog.=) placed.$place AND ranked.adsql_rank OPERATOR(pg_catalog.<=) $most
ORDER BY placed.$place
