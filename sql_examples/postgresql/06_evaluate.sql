-- Which rows were really wrong is known for these payments: how well do models find them?
SET search_path = public, adsql;

CREATE TABLE payments AS
SELECT 50 + 20 * sin(i) AS amount, 5 + 3 * sin(i) + cos(7 * i) AS items, i % 40 = 0 AS is_fraud
FROM generate_series(0, 1199) AS i;

-- A fraud has as many items as a payment of another amount.
UPDATE payments SET items = 8 - items / 2 WHERE is_fraud;

SELECT name FROM train_model('near', 'payments', 'knn', columns => ARRAY['amount', 'items'], contamination => 0.025);
--> near

SELECT name FROM train_model('far', 'payments', 'mad', columns => ARRAY['amount', 'items'], contamination => 0.025);
--> far

-- Every figure has an interval: 30 frauds tell only so much.
SELECT metric, round(value::numeric, 2), round(lower::numeric, 2), round(upper::numeric, 2)
FROM evaluate_model('near', 'payments', 'is_fraud')
WHERE metric IN ('auc_roc', 'recall', 'precision');
--> auc_roc | 0.99 | 0.96 | 1.00
--> precision | 0.87 | 0.70 | 0.95
--> recall | 0.87 | 0.70 | 0.95

-- Which model is better, and is it more than chance?
SELECT model, round(value::numeric, 3), rank, p_value < 0.05 AS is_worse
FROM compare_models(ARRAY['near', 'far'], 'payments', 'is_fraud')
WHERE metric = 'auc_roc';
--> near | 0.988 | 1 | False
--> far | 0.356 | 2 | True

-- How many alerts would each threshold give?
SELECT flagged, is_current FROM threshold_report('near', 'payments') WHERE flagged BETWEEN 5 AND 50;
--> 5 | False
--> 10 | False
--> 20 | False
--> 30 | True
--> 50 | False

-- Without labels there is no accuracy. What can be told is how far detectors agree.
SELECT algorithm, other, round(rank_correlation::numeric, 2)
FROM detector_agreement('payments', ARRAY['knn', 'mad'], ARRAY['amount', 'items']);
--> knn | mad | -0.18
