SELECT anomaly_score, severity, is_anomaly
FROM adsql.detect_anomalies($source, model => $model, version => $version)
