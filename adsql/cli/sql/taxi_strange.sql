-- The strangest days beside what is known to have happened; the detector has not seen the events.
SELECT
    found.day,
    dayname(found.day) AS weekday,
    found.passengers,
    round(found.anomaly_score, 2) AS anomaly_score,
    round(found.severity, 3) AS severity,
    found.is_anomaly,
    known.event AS known_event
FROM detect_anomalies('taxi_days', contamination => 0.03) AS found
LEFT JOIN read_csv($events) AS known ON found.day BETWEEN known.first_day AND known.last_day
ORDER BY found.anomaly_score DESC
