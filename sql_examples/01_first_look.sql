-- Which half hours of New York's taxis are strange? No model, no tuning: every source column comes back, with
-- anomaly_score (higher is stranger), severity (0 to 1) and is_anomaly.
SELECT pickup_time, passengers, round(anomaly_score, 1) AS anomaly_score, is_anomaly
FROM detect_anomalies('adsql/datasets/nyc_taxi.csv')
ORDER BY anomaly_score DESC
LIMIT 3;
--> 2014-11-02 01:00:00 | 39197 | 1.8 | True
--> 2014-11-02 01:30:00 | 35212 | 1.3 | False
--> 2015-01-26 16:00:00 | 6257 | 1.2 | False
