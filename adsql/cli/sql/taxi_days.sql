-- One row a day: how many passengers, and when.
CREATE OR REPLACE TABLE taxi_days AS
SELECT
    pickup_time::DATE AS day,
    sum(passengers) AS passengers,
    sum(passengers) FILTER (WHERE hour(pickup_time) < 6) AS night,
    sum(passengers) FILTER (WHERE hour(pickup_time) BETWEEN 6 AND 9) AS morning,
    sum(passengers) FILTER (WHERE hour(pickup_time) BETWEEN 10 AND 15) AS midday,
    sum(passengers) FILTER (WHERE hour(pickup_time) BETWEEN 16 AND 19) AS evening,
    sum(passengers) FILTER (WHERE hour(pickup_time) >= 20) AS late
FROM read_csv($taxi)
GROUP BY day
ORDER BY day
