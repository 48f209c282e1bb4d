-- Many rows are strange: what do they have in common?
SET search_path = public, adsql;

CREATE TABLE orders AS
SELECT (ARRAY['north', 'south', 'east'])[1 + i % 3] AS depot, 10 + i * 7919 % 90 AS price,
    i % 3 = 1 AND i * 7919 % 90 > 70 AS is_late
FROM generate_series(0, 1199) AS i;

-- Expensive orders of one depot.
SELECT segment, rows, anomalies, round(support::numeric, 2), round(lift::numeric, 1)
FROM contrast_anomalies('orders', 'is_late', ARRAY['depot', 'price'])
LIMIT 3;
--> depot = 'south' | 400 | 98 | 1.00 | 3.0
--> depot = 'south' and price in [83, 91] | 42 | 42 | 0.43 | 12.2
--> depot = 'south' and price in [92, 99] | 42 | 42 | 0.43 | 12.2
