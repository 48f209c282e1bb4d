SELECT count(*), count(*) FILTER (WHERE is_anomaly), count(*) FILTER (WHERE anomaly_score IS NULL) FROM adsql_result
