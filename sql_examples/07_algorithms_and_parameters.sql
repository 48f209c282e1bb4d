-- What there is to choose from.
SELECT count(*) > 20 FROM detectors() WHERE capability = 'rows';
--> True

-- SELECT * FROM detectors() shows them all; some of them, with the other names that are accepted:
SELECT algorithm, aliases FROM detectors() WHERE algorithm IN ('auto', 'iforest', 'knn', 'mad') ORDER BY algorithm;
--> auto | []
--> iforest | ['isolation_forest']
--> knn | ['k_nearest_neighbors', 'k_nearest_neighbours']
--> mad | ['median_absolute_deviation']

-- Parameters have the names that PyOD and scikit-learn give them; as JSON, or as a struct.
CREATE TABLE points AS SELECT sin(i) AS x, cos(i) AS y FROM range(500) AS r(i) UNION ALL SELECT 0, 0;
--> 501

-- The centre of a circle is strange in no single column, only in their combination: compare.
SELECT
    (SELECT arg_max(abs(x) + abs(y) < 0.001, anomaly_score) FROM detect_anomalies('points', params => '{"n_neighbors": 10}')),
    (SELECT arg_max(abs(x) + abs(y) < 0.001, anomaly_score) FROM detect_anomalies('points', algorithm => 'knn', params => {'n_neighbors': 3, 'method': 'mean'})),
    (SELECT arg_max(abs(x) + abs(y) < 0.001, anomaly_score) FROM detect_anomalies('points', algorithm => 'zscore'));
--> True | True | False
