-- OFFSET keeps the function from being called for each of its fields.
SELECT (found.result).anomaly_score, (found.result).severity, (found.result).is_anomaly
FROM (
    SELECT adsql.detect_anomalies(%(model)s::pg_catalog.text, %(row)s::pg_catalog.jsonb) AS result
    OFFSET 0
) AS found
