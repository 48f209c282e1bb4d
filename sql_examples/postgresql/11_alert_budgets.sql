-- At most so many anomalies on each day, of each shop: kept with the model, and applied by views.
SET search_path = public, adsql;

CREATE TABLE payments AS
SELECT timestamp '2024-03-01' + i * interval '20 minutes' AS paid_at, CASE WHEN i % 2 = 0 THEN 'mall' ELSE 'corner' END AS shop,
    40 + 10 * cos(i) + CASE WHEN i % 10 = 3 OR i % 10 = 6 THEN i ELSE 0 END AS amount
FROM generate_series(0, 143) AS r(i);

SELECT name, threshold FROM train_model(
    'payments', 'payments', 'mad', columns => ARRAY['amount'], segment_by => ARRAY['shop'], contamination => 0.2,
    alert_budget => 1, alert_day => 'paid_at'
);
--> payments | None

SELECT create_detection_view('strange_payments', 'payments', 'payments');
--> "strange_payments"

SELECT paid_at, shop, round(amount) AS amount FROM strange_payments WHERE is_anomaly ORDER BY paid_at;
--> 2024-03-01 18:40:00 | mall | 105.0
--> 2024-03-01 21:00:00 | corner | 113.0
--> 2024-03-02 18:00:00 | mall | 175.0
--> 2024-03-02 23:40:00 | corner | 184.0

-- A row alone does not know the others of its day: the threshold decides.
SELECT count(*) FROM payments AS p WHERE is_anomaly('payments', p);
--> 28

SELECT name, value FROM model_info('payments') WHERE name LIKE 'alert%';
--> alert_budget | 1
--> alert_day | paid_at

SELECT * FROM detect_anomalies('payments', alert_day => 'paid_at');
--> error ADSQL_INVALID_OPTION
