-- Scores are ordinary expressions: filter, group, sort and join with them.
CREATE TABLE rides AS
SELECT pickup_time, passengers, pickup_time::DATE AS day FROM 'adsql/datasets/nyc_taxi.csv';
--> 10320

SELECT train_model('rides', 'rides', columns => ['pickup_time', 'passengers'], contamination => 0.005).version;
--> 1

-- The days with the most strange half hours.
SELECT day, count(*) AS strange
FROM rides AS r
WHERE is_anomaly('rides', r)
GROUP BY day
ORDER BY strange DESC, day
LIMIT 3;
--> 2015-01-27 | 16
--> 2015-01-26 | 13
--> 2014-12-25 | 10

-- Features can be passed in the order of the model's columns, and need not come from a table.
SELECT
    is_anomaly('rides', TIMESTAMP '2015-01-27 09:00', 500) AS nobody_at_nine,
    is_anomaly('rides', TIMESTAMP '2015-01-27 09:00', 18000) AS as_usual;
--> True | False

-- All three results at once, as a struct.
SELECT d.is_anomaly, d.severity > 0.99
FROM (SELECT detect_anomalies('rides', {'pickup_time': TIMESTAMP '2015-01-27 04:00', 'passengers': 39000}) AS d);
--> True | True

-- A row without any value has no score; a missing value counts as usual.
SELECT anomaly_score('rides', NULL, NULL), anomaly_score('rides', NULL, 15000) IS NOT NULL;
--> None | True
