-- Of the rows that a query calls anomalies, the strangest of each day and segment stay anomalies. The window loses the
-- order of the rows, which their place restores.
SELECT
    * EXCLUDE (adsql_place, adsql_group)
    REPLACE (
        CASE
            WHEN is_anomaly THEN $most >= row_number() OVER (
                PARTITION BY is_anomaly, adsql_group ORDER BY anomaly_score DESC, adsql_place
            )
            ELSE is_anomaly
        END AS is_anomaly
    )
FROM (
    SELECT
        *,
        row_number() OVER () AS adsql_place,
        __adsql_alert_group(adsql_scored, $column, $segments) AS adsql_group
    FROM (
$scored
    ) AS adsql_scored
)
ORDER BY adsql_place
