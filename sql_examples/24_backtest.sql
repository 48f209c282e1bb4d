-- What would have fired? The past, judged as it was then.
CREATE TABLE orders AS
SELECT TIMESTAMP '2024-02-01' + to_hours(i) AS ts,
    300 + 120 * sin(2 * pi() * i / 24) + hash(i * 11) % 40 - if(i BETWEEN 610 AND 615, 200, 0) AS n
FROM range(696) AS h(i);
--> 696

CREATE TABLE outages AS SELECT TIMESTAMP '2024-02-26 09:00:00' AS started_at, TIMESTAMP '2024-02-26 16:00:00' AS ended_at;
--> 1

-- Day by day.
SELECT period::DATE AS day, judged, anomalies, alerts, detected, false_alerts, delay
FROM backtest_series('orders', 'ts', 'n', incidents => 'outages', direction => 'down', min_deviation => 60)
WHERE alerts > 0 OR incidents > 0;
--> 2024-02-26 | 24 | 6 | 1 | 1 | 0 | 1:00:00

-- How many alerts a month would bring, by the least deviation that counts.
SELECT d AS min_deviation, (SELECT sum(alerts) FROM backtest_series('orders', 'ts', 'n', step => 'month', min_deviation => 60)) AS alerts
FROM (VALUES (60)) AS t(d);
--> 60 | 1

SELECT * FROM backtest_series('orders', 'ts', 'n', step => 'fortnight');
--> error ADSQL_INVALID_OPTION
