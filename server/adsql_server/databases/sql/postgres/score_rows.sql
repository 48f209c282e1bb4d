-- OFFSET keeps the function from being called for each of its fields.
SELECT (found.result).anomaly_score, (found.result).severity, (found.result).is_anomaly
FROM (
    SELECT given.number, adsql.detect_anomalies(%(model)s::pg_catalog.text, given."row") AS result
    FROM pg_catalog.jsonb_array_elements(%(rows)s::pg_catalog.jsonb) WITH ORDINALITY AS given ("row", number)
    OFFSET 0
) AS found
ORDER BY found.number
