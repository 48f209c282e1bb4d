-- A model is trained once, kept in the table adsql.models, and scores any row with the same columns.
CREATE TABLE rides AS
SELECT pickup_time, passengers FROM 'adsql/datasets/nyc_taxi.csv';
--> 10320

SELECT name, version, algorithm, n_rows
FROM train_model('rides', 'SELECT * FROM rides WHERE pickup_time < ''2014-10-01''', algorithm => 'iforest');
--> rides | 1 | iforest | 4416

-- The row of a table is passed by the table's name; columns are matched by theirs.
SELECT count(*), count(anomaly_score('rides', r)) FROM rides AS r;
--> 10320 | 10320

-- The table form is the fast way over a whole table, and gives the verdict too.
SELECT pickup_time, passengers
FROM detect_anomalies('rides', model => 'rides')
WHERE is_anomaly
ORDER BY anomaly_score DESC
LIMIT 3;
