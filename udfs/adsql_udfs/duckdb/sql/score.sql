-- Every source column, then the results. A cross join with one row keeps the source's order; an outer join does not.
SELECT
    * EXCLUDE (adsql_result),
    adsql_result.anomaly_score AS anomaly_score,
    adsql_result.severity AS severity,
    adsql_result.is_anomaly AS is_anomaly
FROM (
    SELECT adsql_source.*, __adsql_detect_rows(adsql_model.handle, adsql_source) AS adsql_result
    FROM adsql_source, adsql_model
)
