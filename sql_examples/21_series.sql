-- Strange hours of many shops, in one call.
CREATE TABLE visits AS
SELECT
    ['Ulm', 'Bonn', 'Jena'][shop] AS city,
    TIMESTAMP '2024-05-01' + to_hours(i) AS hour,
    200 + 80 * sin(2 * pi() * i / 24) + hash(i * 13 + shop) % 20 + if(shop = 2 AND i BETWEEN 500 AND 504, -150, 0) AS visitors
FROM range(1, 4) AS s(shop), range(672) AS h(i);
--> 2016

-- What was expected, and by how much it was missed.
SELECT series, ts, value < lower_bound AS too_few, is_anomaly
FROM detect_series_anomalies('visits', 'hour', 'visitors', series => 'city', direction => 'down', min_deviation => 100)
WHERE is_anomaly
ORDER BY ts
LIMIT 2;
--> Bonn | 2024-05-21 20:00:00 | True | True
--> Bonn | 2024-05-21 21:00:00 | True | True

-- The last day alone, judged by the days before.
SELECT series, count(*) AS hours, count(*) FILTER (is_anomaly) AS strange
FROM detect_series_anomalies('visits', 'hour', 'visitors', series => 'city', only_last_n => 24, mode => 'causal', min_deviation => 50)
GROUP BY series
ORDER BY series;
--> Bonn | 24 | 0
--> Jena | 24 | 0
--> Ulm | 24 | 0

-- The season that was found, in points, and whether values or whole stretches were strange.
SELECT DISTINCT series, season, algorithm
FROM detect_series_anomalies('visits', 'hour', 'visitors', series => 'city', alert_budget => 5)
WHERE is_anomaly AND series = 'Bonn';
--> Bonn | [24] | decomposition

-- Consecutive points are one incident.
CREATE TABLE incidents AS
FROM anomaly_incidents(
    'FROM detect_series_anomalies(''visits'', ''hour'', ''visitors'', series => ''city'', min_deviation => 100)'
);

SELECT series, started_at, ended_at, points FROM incidents;
--> Bonn | 2024-05-21 20:00:00 | 2024-05-22 00:00:00 | 5

-- Known incidents teach nothing about what is normal.
SELECT count(*) FILTER (is_anomaly) AS still_strange
FROM detect_series_anomalies('visits', 'hour', 'visitors', series => 'city', exclude => 'incidents', min_deviation => 100);
--> 5

-- A series that is too short says so.
SELECT DISTINCT series, status
FROM detect_series_anomalies('FROM visits WHERE city = ''Ulm'' LIMIT 9', 'hour', 'visitors', series => 'city');
--> Ulm | too short

-- On six days the shop took stock: few visitors, expected once they are told, and one hour of too many among them.
CREATE TABLE shop AS
SELECT
    TIMESTAMP '2024-01-01' + to_hours(i) AS ts,
    200 + 80 * sin(2 * pi() * i / 24) + hash(i * 7) % 20 - if(i // 24 IN (11, 30, 52, 75, 98, 119), 110, 0) + if(i = 2860, 60, 0) AS n
FROM range(3120) AS h(i);
--> 3120

CREATE TABLE stocktaking AS
SELECT DATE '2024-01-01' + day::INTEGER AS date FROM (VALUES (11), (30), (52), (75), (98), (119)) AS d(day);
--> 6

SELECT ts, round(expected_value, -1) AS expected, value > upper_bound AS too_many
FROM detect_series_anomalies('shop', 'ts', 'n', holidays => 'stocktaking')
WHERE is_anomaly AND ts::DATE IN (SELECT date FROM stocktaking);
--> 2024-04-29 04:00:00 | 170.0 | True

-- Cold hours need more heating, which is expected once the temperature is told.
CREATE TABLE heating AS
SELECT
    TIMESTAMP '2024-01-01' + to_hours(i) AS ts,
    10 + hash(i // 6) % 10 - if(i BETWEEN 700 AND 702, 20, 0) AS celsius,
    500 + 100 * sin(2 * pi() * i / 24) - 9 * celsius + hash(i * 7) % 20 + if(i = 900, 120, 0) AS kilowatts
FROM range(1200) AS h(i);
--> 1200

SELECT ts, value > upper_bound AS too_much
FROM detect_series_anomalies('heating', 'ts', 'kilowatts', covariates => ['celsius'])
WHERE is_anomaly;
--> 2024-02-07 12:00:00 | True
