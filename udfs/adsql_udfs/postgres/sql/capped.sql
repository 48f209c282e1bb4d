-- Of the rows that a query calls anomalies, the strangest of each day and segment stay anomalies. The window loses the
-- order of the rows, which their place restores. What does not fit into work_mem, the server sorts on disk.
SELECT
    $names,
    anomaly_score,
    severity,
    CASE
        WHEN is_anomaly THEN pg_catalog.row_number() OVER (
            PARTITION BY is_anomaly, $group COLLATE pg_catalog."C" ORDER BY anomaly_score DESC, $place
        ) OPERATOR(pg_catalog.<=) $most
        ELSE is_anomaly
    END AS is_anomaly
FROM (
    SELECT scored.*, pg_catalog.row_number() OVER () AS $place
    FROM (
$scored
    ) AS scored
) AS placed
ORDER BY $place
