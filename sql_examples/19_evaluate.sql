-- Which rows were really wrong is known for these payments: how well do models find them?
CREATE TABLE payments AS
SELECT 50 + 20 * sin(i) AS amount, 5 + 3 * sin(i) + cos(7 * i) AS items, i % 40 = 0 AS is_fraud FROM range(1200) AS r(i);
--> 1200

-- A fraud has as many items as a payment of another amount.
UPDATE payments SET items = 8 - items / 2 WHERE is_fraud;
--> 30

CREATE TABLE trained AS
SELECT train_model('near', 'payments', 'knn', columns => ['amount', 'items'], contamination => 0.025) AS model
UNION ALL
SELECT train_model('far', 'payments', 'mad', columns => ['amount', 'items'], contamination => 0.025);
--> 2

-- Every figure has an interval: 30 frauds tell only so much.
SELECT metric, round(value, 2), round(lower, 2), round(upper, 2)
FROM evaluate_model('near', 'payments', 'is_fraud')
WHERE metric IN ('auc_roc', 'recall', 'precision');
--> auc_roc | 0.99 | 0.96 | 1.0
--> precision | 0.87 | 0.7 | 0.95
--> recall | 0.87 | 0.7 | 0.95

-- Which model is better, and is it more than chance?
SELECT model, round(value, 3), rank, p_value < 0.05 AS is_worse
FROM compare_models(['near', 'far'], 'payments', 'is_fraud')
WHERE metric = 'auc_roc';
--> near | 0.988 | 1 | False
--> far | 0.356 | 2 | True

-- As a table with a column for each model.
PIVOT (FROM compare_models(['near', 'far'], 'payments', 'is_fraud') SELECT metric, model, round(value, 2) AS value)
ON model USING any_value(value)
ORDER BY metric
LIMIT 2;
--> auc_roc | 0.36 | 0.99
--> average_precision | 0.02 | 0.9

-- How many alerts would each threshold give?
SELECT flagged, is_current FROM threshold_report('near', 'payments') WHERE flagged BETWEEN 5 AND 50;
--> 5 | False
--> 10 | False
--> 20 | False
--> 30 | True
--> 50 | False

SELECT * FROM evaluate_model('near', 'payments', 'amount');
--> error ADSQL_UNUSABLE_COLUMN

-- Without labels: this is not accuracy. What depends on the seed cannot be relied on.
SELECT varied, metric, round(value, 2) FROM model_stability('payments', 'mad', columns => ['amount']) WHERE varied = 'seed';
--> seed | rank_correlation | 1.0
--> seed | top_overlap | 1.0
--> seed | flagged_overlap | None

-- Without labels there is no accuracy. What can be told is how far detectors agree.
SELECT algorithm, other, round(rank_correlation, 2)
FROM detector_agreement('payments', algorithms => ['knn', 'mad'], columns => ['amount', 'items']);
--> knn | mad | -0.18
