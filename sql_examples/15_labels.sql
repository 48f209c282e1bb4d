-- What people already know helps: a column that says which rows were anomalies. NULL where nobody knows.
CREATE TABLE payments AS
SELECT 50 + 20 * sin(i) AS amount, 10 + 3 * cos(7 * i) AS items, CASE WHEN i % 3 = 0 THEN false END AS is_fraud
FROM range(1200) AS r(i)
UNION ALL
SELECT 75 + i / 10, 2 + i / 20, true FROM range(60) AS r(i);
--> 1260

-- Without labels nothing stands out: the frauds are too many, and too like the rest.
SELECT count(*) FILTER (WHERE is_fraud) FROM detect_anomalies('payments', columns => ['amount', 'items']) WHERE is_anomaly;
--> 0

-- With them, normal is learnt from the other rows, and the threshold goes where it separates the labelled ones best.
SELECT count(*) FILTER (WHERE is_fraud) AS found, count(*) FILTER (WHERE is_fraud IS NOT true) AS false_alarms
FROM detect_anomalies('payments', label_column => 'is_fraud')
WHERE is_anomaly;
--> 60 | 0

-- A model remembers how its threshold was set; rows to score need no label.
SELECT train_model('fraud', 'payments', algorithm => 'knn', label_column => 'is_fraud').n_features;
--> 2

SELECT name, value FROM model_info('fraud') WHERE name IN ('label_column', 'threshold_policy') ORDER BY name;
--> label_column | is_fraud
--> threshold_policy | labels

SELECT is_anomaly('fraud', {'amount': 78, 'items': 3});
--> True

-- Labels are TRUE and FALSE, or 1 and 0; words are not.
SELECT train_model('fraud', 'SELECT amount, items, ''no'' AS is_fraud FROM payments', label_column => 'is_fraud');
--> error ADSQL_UNUSABLE_COLUMN
