-- Some alerts are false, and people know which. A model learns from what they say.
CREATE TABLE trips AS
SELECT i AS id, 12 + 8 * sin(i) AS fare, 3 + 2 * cos(i * i) AS distance FROM range(1000) AS r(i)
UNION ALL
-- To the airport: far and dear, and as it should be.
SELECT 1000 + i, 70 + i / 2, 30 + i / 5 FROM range(20) AS r(i)
UNION ALL
-- The meter was manipulated.
SELECT 1020 + i, 80 + 2 * i, 3 + i / 10 FROM range(10) AS r(i);
--> 1030

SELECT version FROM train_model('fares', 'trips', columns => ['fare', 'distance']);
--> 1

-- Both are far out.
SELECT count(*) FROM detect_anomalies('trips', model => 'fares') WHERE is_anomaly;
--> 30

-- Somebody looks at seven of them.
CREATE TABLE said AS
SELECT give_feedback(
    'fares', t, CASE WHEN distance > 20 THEN 'normal' ELSE 'anomaly' END, key => t.id, given_by => 'ada'
) AS verdict
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
SELECT distance > 20 AS is_far, count(*) FROM detect_anomalies('trips', model => 'fares') WHERE is_anomaly GROUP BY ALL;
--> False | 10

-- Verdicts are rows.
SELECT verdict, given_by, count(*) FROM adsql.feedback GROUP BY ALL ORDER BY ALL;
--> anomaly | ada | 2
--> normal | ada | 5
