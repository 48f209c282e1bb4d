SELECT (found."row").*, found.anomaly_score, found.severity, found.is_anomaly
FROM adsql.detect_anomalies(
    NULL::pg_temp.adsql_source,
    model => %(model)s::pg_catalog.text,
    version => %(version)s::pg_catalog.int4
) AS found
