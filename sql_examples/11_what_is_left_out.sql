-- Columns of every kind: what can be used is, what cannot is left out with the reason.
CREATE TABLE orders AS
SELECT
    i AS order_id,
    printf('ORD-%06d', i) AS reference,
    (20 + i % 30)::DECIMAL(8, 2) AS amount,
    i % 3 = 0 AS express,
    ['card', 'card', 'cash'][1 + i % 3] AS payment,
    TIMESTAMP '2024-01-01 08:00' + to_minutes((i * 7) % 600) + to_days((i % 60)::INTEGER) AS ordered_at,
    'EUR' AS currency,
    NULL::VARCHAR AS comment,
    [i] AS tags
FROM range(1000) AS r(i);
--> 1000

SELECT train_model('orders', 'orders').n_features;
--> 7

SELECT name, value FROM model_info('orders') WHERE section = 'left out';
--> order_id | a key: every value is different and the values are consecutive
--> reference | a key: almost every value is different, and all have one pattern
--> currency | constant: every value is the same
--> comment | every value is NULL
--> tags | type list<l: int64> has no encoding
