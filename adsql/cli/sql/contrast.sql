SELECT * FROM adsql.contrast_anomalies($source, $flag, $dimensions)
