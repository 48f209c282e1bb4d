-- Which trips are strange? No model, no tuning. The functions are in the schema adsql.
SET search_path = public, adsql;

CREATE TABLE trips AS
SELECT
    i AS id, 12 + 8 * sin(i) AS fare, 3 + 2 * cos(i * i) AS distance, (ARRAY['card', 'cash'])[1 + i % 2] AS payment,
    TIMESTAMP '2024-01-01' + i * INTERVAL '10 minutes' AS started
FROM generate_series(0::bigint, 4999) AS i
UNION ALL
SELECT 5000, 950, 3, 'card', TIMESTAMP '2024-02-04 17:20';

-- With NULL::trips as source, `row` is a row of trips.
SELECT (d.row).id, (d.row).fare, d.severity > 0.999 AS severe
FROM detect_anomalies(NULL::trips) AS d
WHERE d.is_anomaly;
--> 5000 | 950.0 | True

-- Any other source is text, a name or one SELECT, and `row` is jsonb.
SELECT d.row ->> 'fare' AS fare
FROM detect_anomalies('SELECT fare, distance FROM trips WHERE payment = ''card''') AS d
ORDER BY anomaly_score DESC
LIMIT 1;
--> 950

-- Lists are arrays; a detector's parameters are JSON text.
SELECT count(*) FILTER (WHERE is_anomaly) AS strange
FROM detect_anomalies(
    'trips', 'iforest', columns => ARRAY['fare', 'distance'], params => '{"n_estimators": 50}', alert_budget => 1
);
--> 1

SELECT count(*) FROM detect_anomalies('trip');
--> error ADSQL_UNKNOWN_SOURCE

SELECT count(*) FROM detect_anomalies('trips', contamination => 0.9);
--> error ADSQL_INVALID_OPTION

-- One column is a list as well.
SELECT count(*) FROM detect_anomalies('trips', columns => 'fare');
--> error 22P02

-- A source that writes is no source.
SELECT count(*) FROM detect_anomalies('DELETE FROM trips RETURNING fare');
--> error ADSQL_INVALID_SOURCE
