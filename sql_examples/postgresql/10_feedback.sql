-- Some alerts are false, and people know which. A model learns from what they say.
SET search_path = public, adsql;

CREATE TABLE trips AS
SELECT i AS id, 12 + 8 * sin(i) AS fare, 3 + 2 * cos(i * i) AS distance FROM generate_series(0, 999) AS i
UNION ALL
-- To the airport: far and dear, and as it should be.
SELECT 1000 + i, 70 + i / 2.0, 30 + i / 5.0 FROM generate_series(0, 19) AS i
UNION ALL
-- The meter was manipulated.
SELECT 1020 + i, 80 + 2 * i, 3 + i / 10.0 FROM generate_series(0, 9) AS i;

SELECT version FROM train_model('fares', 'trips', columns => ARRAY['fare', 'distance']);
--> 1

-- Both are far out.
SELECT count(*) FROM trips AS t WHERE is_anomaly('fares', t);
--> 30

-- Somebody looks at seven of them.
SELECT count(give_feedback(
    'fares', t, CASE WHEN distance > 20 THEN 'normal' ELSE 'anomaly' END, key => id::text, note => 'by phone'
))
FROM trips AS t
WHERE id BETWEEN 1000 AND 1004 OR id IN (1020, 1021);
--> 7

-- What would change? Nothing is stored yet.
SELECT metric, before, after FROM preview_feedback('fares', 'trips') WHERE metric IN ('flagged', 'false_alarms');
--> flagged | 30.0 | 10.0
--> false_alarms | 5.0 | 0.0

SELECT version FROM apply_feedback('fares', 'trips');
--> 2

-- The other trips to the airport are muted as well, and the other manipulated ones are not.
SELECT distance > 20 AS is_far, count(*) FROM trips AS t WHERE is_anomaly('fares', t) GROUP BY 1;
--> False | 10

-- Verdicts are rows, of the role that gave them.
SELECT verdict, given_by = current_user AS own, count(*) FROM feedback GROUP BY 1, 2 ORDER BY 1;
--> anomaly | True | 2
--> normal | True | 5
