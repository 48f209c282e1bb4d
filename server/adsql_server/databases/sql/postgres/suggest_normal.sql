SELECT found.row_number, found.anomaly_score, change.*
FROM (
    SELECT pg_catalog.row_number() OVER () AS row_number, detected."row", detected.anomaly_score, detected.is_anomaly
    FROM adsql.detect_anomalies(%(source)s::pg_catalog.text, model => %(model)s::pg_catalog.text) AS detected
) AS found
CROSS JOIN LATERAL pg_catalog.unnest(adsql.suggest_normal(%(model)s::pg_catalog.text, found."row")) AS change
WHERE found.is_anomaly
ORDER BY found.row_number
