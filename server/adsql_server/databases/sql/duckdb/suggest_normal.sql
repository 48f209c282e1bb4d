SELECT adsql_row_number AS row_number, adsql_score AS anomaly_score, adsql_change.*
FROM (
    SELECT adsql_row_number, anomaly_score AS adsql_score, unnest(adsql.suggest_normal($model, adsql_found)) AS adsql_change
    FROM (
        SELECT row_number() OVER () AS adsql_row_number, *
        FROM adsql.detect_anomalies($source, model => $model)
    ) AS adsql_found
    WHERE is_anomaly
)
ORDER BY row_number
