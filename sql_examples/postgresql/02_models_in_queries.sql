-- Train once, score inside any query.
SET search_path = public, adsql;

CREATE TABLE trips AS
SELECT i AS id, 12 + 8 * sin(i) AS fare, 3 + 2 * cos(i * i) AS distance, (ARRAY['card', 'cash'])[1 + i % 2] AS payment
FROM generate_series(0::bigint, 4999) AS i
UNION ALL
SELECT 5000, 950, 3, 'card';

SELECT version, algorithm, n_rows, n_features
FROM train_model('fares', 'trips', algorithm => 'mad', columns => ARRAY['fare', 'distance']);
--> 1 | mad | 5001 | 2

-- A row of the query: columns are matched by name.
SELECT id, round(anomaly_score('fares', t)::numeric) AS score FROM trips AS t WHERE is_anomaly('fares', t);
--> 5000 | 79

-- Features by position are numbers; any row can come as jsonb.
SELECT
    is_anomaly('fares', 950, 3) AS by_position,
    is_anomaly('fares', jsonb '{"fare": 12, "distance": 3}') AS by_json;
--> True | False

-- All three results at once.
SELECT t.id, d.severity > 0.99 AS severe, d.is_anomaly
FROM trips AS t
CROSS JOIN LATERAL detect_anomalies('fares', t) AS d
WHERE t.id >= 4999
ORDER BY t.id;
--> 4999 | False | False
--> 5000 | True | True

-- Training is part of the transaction, unlike on DuckDB.
BEGIN;

SELECT version FROM train_model('fares', 'trips', algorithm => 'zscore');
--> 2

ROLLBACK;

SELECT name, version, algorithm FROM models();
--> fares | 1 | mad

-- Further rows alone make a new version.
SELECT train_model('known', 'trips', algorithm => 'hbos', columns => ARRAY['fare', 'distance']) IS NOT NULL;
--> True

SELECT version, n_rows FROM update_model('known', 'SELECT fare + 1 AS fare, distance FROM trips LIMIT 999');
--> 2 | 6000

SELECT name FROM model_info('known') WHERE section = 'feature' ORDER BY name;
--> distance
--> fare

SELECT drop_model('known');
--> [1, 2]

SELECT anomaly_score('known', 1, 2);
--> error ADSQL_UNKNOWN_MODEL
