-- Every error has a code, names the value, and says what is allowed. Nothing is lost.
CREATE TABLE numbers AS SELECT i % 100 AS x FROM range(1000) AS r(i);
--> 1000

SELECT * FROM detect_anomalies('numbres');
--> error ADSQL_UNKNOWN_SOURCE

SELECT * FROM detect_anomalies('numbers', algorithm => 'isolation_florest');
--> error ADSQL_UNKNOWN_ALGORITHM

SELECT * FROM detect_anomalies('numbers', contamination => 0.9);
--> error ADSQL_INVALID_OPTION

SELECT * FROM detect_anomalies('SELECT * FROM numbers; DROP TABLE numbers');
--> error ADSQL_INVALID_SOURCE

SELECT anomaly_score('no_such_model', n) FROM numbers AS n;
--> error ADSQL_UNKNOWN_MODEL

SELECT count(*) FROM numbers;
--> 1000
