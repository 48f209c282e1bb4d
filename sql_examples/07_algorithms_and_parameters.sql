-- What there is to choose from.
SELECT algorithm, aliases FROM detectors() WHERE capability = 'rows' ORDER BY algorithm;
--> auto | []
--> ecod | ['empirical_cumulative_outlier_detection']
--> hbos | ['histogram_based_outlier_score']
--> iforest | ['isolation_forest']
--> iqr | ['interquartile_range']
--> knn | ['k_nearest_neighbors', 'k_nearest_neighbours']
--> mad | ['median_absolute_deviation']
--> zscore | ['z_score']

-- Parameters have the names that PyOD and scikit-learn give them; as JSON, or as a struct.
CREATE TABLE points AS SELECT sin(i) AS x, cos(i) AS y FROM range(500) AS r(i) UNION ALL SELECT 0, 0;
--> 501

-- The centre of a circle is strange in no single column, only in their combination: compare.
SELECT
    (SELECT arg_max(abs(x) + abs(y) < 0.001, anomaly_score) FROM detect_anomalies('points', params => '{"n_neighbors": 10}')),
    (SELECT arg_max(abs(x) + abs(y) < 0.001, anomaly_score) FROM detect_anomalies('points', algorithm => 'knn', params => {'n_neighbors': 3, 'method': 'mean'})),
    (SELECT arg_max(abs(x) + abs(y) < 0.001, anomaly_score) FROM detect_anomalies('points', algorithm => 'zscore'));
--> True | True | False
