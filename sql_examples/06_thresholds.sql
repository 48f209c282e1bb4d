-- The threshold is a policy of its own; the scores do not change with it.
CREATE TABLE amounts AS
SELECT 40 + 10 * cos(i) + 5 * sin(7 * i) AS amount FROM range(1000) AS r(i)
UNION ALL
SELECT unnest([400, 410, 95]);
--> 1003

-- Automatic: whatever clean data would hardly contain.
SELECT amount FROM detect_anomalies('amounts') WHERE is_anomaly ORDER BY amount;
--> 95.0
--> 400.0
--> 410.0

-- A share of the rows.
SELECT count(*) FROM detect_anomalies('amounts', contamination => 0.01) WHERE is_anomaly;
--> 10

-- A score, on the detector's own scale: modified z-scores above 20.
SELECT amount FROM detect_anomalies('amounts', algorithm => 'mad', threshold => 20) WHERE is_anomaly ORDER BY amount;
--> 400.0
--> 410.0

-- At most so many rows.
SELECT amount FROM detect_anomalies('amounts', alert_budget => 1) WHERE is_anomaly;
--> 410.0

-- At most so many on each day, and no threshold of its own: the strangest of those above it.
CREATE TABLE payments AS
SELECT DATE '2024-03-01' + CAST(i // 250 AS INTEGER) AS paid_on, 40 + 10 * cos(i) + if(i % 80 = 3, i, 0) AS amount
FROM range(1000) AS r(i);
--> 1000

SELECT count(*) FROM detect_anomalies('payments', columns => 'amount') WHERE is_anomaly;
--> 12

SELECT paid_on, round(amount) AS amount
FROM detect_anomalies('payments', columns => 'amount', alert_budget => 1, alert_day => 'paid_on')
WHERE is_anomaly;
--> 2024-03-01 | 278.0
--> 2024-03-02 | 530.0
--> 2024-03-03 | 772.0
--> 2024-03-04 | 1002.0
