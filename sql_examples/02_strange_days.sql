-- A row a day says more than a row a half hour: how many passengers, and at what time of the day.
CREATE TABLE days AS
SELECT
    pickup_time::DATE AS day,
    sum(passengers) AS passengers,
    sum(passengers) FILTER (WHERE hour(pickup_time) < 6) AS night,
    sum(passengers) FILTER (WHERE hour(pickup_time) BETWEEN 6 AND 9) AS morning,
    sum(passengers) FILTER (WHERE hour(pickup_time) BETWEEN 10 AND 15) AS midday,
    sum(passengers) FILTER (WHERE hour(pickup_time) BETWEEN 16 AND 19) AS evening,
    sum(passengers) FILTER (WHERE hour(pickup_time) >= 20) AS late
FROM 'adsql/datasets/nyc_taxi.csv'
GROUP BY day
ORDER BY day;
--> 215

-- contamination is the share of rows you want to see. What happened is known here, but not to the detector.
SELECT found.day, dayname(found.day), round(anomaly_score, 1), coalesce(known.event, 'unknown')
FROM detect_anomalies('days', contamination => 0.03) AS found
LEFT JOIN 'adsql/datasets/nyc_taxi_events.csv' AS known ON found.day BETWEEN known.first_day AND known.last_day
WHERE is_anomaly
ORDER BY anomaly_score DESC;
--> 2015-01-27 | Tuesday | 10.0 | snow storm
--> 2015-01-26 | Monday | 9.0 | snow storm
--> 2014-12-25 | Thursday | 6.5 | Christmas
--> 2014-11-01 | Saturday | 3.8 | New York City Marathon
--> 2014-11-27 | Thursday | 3.5 | Thanksgiving
--> 2015-01-01 | Thursday | 3.3 | New Year

-- Without contamination the threshold is automatic: it flags what clean data would hardly contain, be it nothing.
SELECT day FROM detect_anomalies('days') WHERE is_anomaly ORDER BY day;
--> 2015-01-26
--> 2015-01-27
