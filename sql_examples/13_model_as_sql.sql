-- A model as plain SQL, for databases without adsql.
CREATE TABLE numbers AS SELECT i % 100 AS x, i % 7 AS y FROM range(1000) AS r(i) UNION ALL SELECT 900, 3;
--> 1001

SELECT train_model('m', 'numbers', algorithm => 'mad', contamination => 0.001).n_features;
--> 2

-- One SELECT: the source's columns, the score, and whether it is above the threshold. Print it with
--   SELECT model_sql('m', 'bigquery', source => 'project.dataset.numbers');
SELECT starts_with(model_sql('m', 'bigquery', source => 'numbers'), 'SELECT');
--> True

-- It gives what the model gives.
SET VARIABLE text = (SELECT model_sql('m', source => 'numbers'));

SELECT x, y, is_anomaly FROM query(getvariable('text')) WHERE is_anomaly;
--> 900 | 3 | True

SELECT max(abs(s.anomaly_score - anomaly_score('m', s))) < 1e-9 FROM query(getvariable('text')) AS s;
--> True

-- Detectors that compare a row with many stored ones have no such form.
SELECT train_model('nearest', 'numbers', algorithm => 'knn').version;
--> 1

SELECT model_sql('nearest', 'snowflake');
--> error ADSQL_NO_SQL_FORM

SELECT model_sql('m', 'access');
--> error ADSQL_UNKNOWN_DIALECT
