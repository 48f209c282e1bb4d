SELECT *
FROM adsql.detect_anomalies($source, model => $model, version => $version)
