-- Results as ordinary relations, for tools that know nothing of adsql.
SET search_path = public, adsql;

CREATE TABLE trips AS
SELECT
    i AS id, 12 + 8 * sin(i) AS fare, 3 + 2 * cos(i * i) AS distance,
    TIMESTAMP '2024-01-01' + i * INTERVAL '10 minutes' AS started
FROM generate_series(0::bigint, 4999) AS i
UNION ALL
SELECT 5000, 950, 3, TIMESTAMP '2024-02-04 17:20';

SELECT version FROM train_model('fares', 'trips', algorithm => 'mad', columns => ARRAY['fare', 'distance']);
--> 1

-- A view of all columns and the three results. Reading it scores the whole table with the newest version.
SELECT create_detection_view('scored_trips', 'trips', 'fares');
--> "scored_trips"

SELECT id, fare, severity > 0.999 AS severe FROM scored_trips WHERE is_anomaly;
--> 5000 | 950.0 | True

-- A view that scores only the rows that a filter leaves: for dashboards with a time range.
CREATE VIEW recent_trips AS
SELECT t.*, d.anomaly_score, d.severity, d.is_anomaly
FROM trips AS t
CROSS JOIN LATERAL adsql.detect_anomalies('fares', t) AS d;

SELECT count(*) AS trips, count(*) FILTER (WHERE is_anomaly) AS strange
FROM recent_trips
WHERE started >= '2024-02-04 12:00';
--> 33 | 1

-- Scores that are kept, and refreshed when it suits.
CREATE MATERIALIZED VIEW strange_trips AS SELECT * FROM scored_trips WHERE is_anomaly;

CREATE UNIQUE INDEX ON strange_trips (id);

INSERT INTO trips VALUES (5001, 980, 3, '2024-02-04 17:30');

REFRESH MATERIALIZED VIEW CONCURRENTLY strange_trips;

SELECT id, fare FROM strange_trips ORDER BY id;
--> 5000 | 950.0
--> 5001 | 980.0

-- A table of the scores of one moment.
SELECT materialize_anomalies('scores_of_today', 'trips', 'fares');
--> 5002
