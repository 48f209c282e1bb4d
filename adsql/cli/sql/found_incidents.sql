SELECT * FROM adsql.anomaly_incidents($source, max_gap => $max_gap)
