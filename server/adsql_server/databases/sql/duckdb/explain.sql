SELECT *
FROM adsql.explain_anomalies($source, $model, top_k => $top_k, key => $key, version => $version)
