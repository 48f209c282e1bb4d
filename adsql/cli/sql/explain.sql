SELECT *
FROM adsql.explain_anomalies($source, $name, top_k => $top_k, key => $key, version => $version)
