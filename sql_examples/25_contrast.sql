-- Many rows are strange: what do they have in common?
CREATE TABLE orders AS
SELECT
    ['north', 'south', 'east'][1 + i % 3] AS depot,
    10 + i * 7919 % 90 AS price,
    20 + 3 * sin(i) + CASE WHEN i % 3 = 1 AND i * 7919 % 90 > 70 THEN 30 ELSE 0 END AS hours
FROM range(1200) AS r(i);
--> 1200

CREATE TABLE judged AS FROM detect_anomalies('orders', columns => ['hours'], contamination => 0.08);
--> 1200

-- Expensive orders of one depot.
SELECT segment, rows, anomalies, round(support, 2), round(lift, 1)
FROM contrast_anomalies('judged', 'is_anomaly', ['depot', 'price'])
LIMIT 3;
--> depot = 'south' | 400 | 95 | 1.0 | 3.0
--> depot = 'south' and price in [83, 91] | 42 | 41 | 0.43 | 12.3
--> depot = 'south' and price in [92, 99] | 42 | 41 | 0.43 | 12.3

-- Flags by chance have nothing in common.
SELECT count(*) FROM contrast_anomalies('SELECT *, hash(hours) % 20 = 0 AS odd FROM orders', 'odd', ['depot', 'price']);
--> 0
