-- New points every minute: train at night, judge by what was kept.
CREATE TABLE load AS
SELECT
    ['web', 'mail'][host] AS host,
    TIMESTAMP '2024-05-01' + to_minutes(10 * i) AS ts,
    40 + 25 * sin(2 * pi() * i / 144) + hash(i * 13 + host) % 8 AS cpu
FROM range(1, 3) AS s(host), range(1440) AS h(i);
--> 2880

SELECT name, version, algorithm, n_rows
FROM train_series_model('cpu', 'load', 'ts', 'cpu', series => 'host', sensitivity => 0.0001, direction => 'up', min_deviation => 10);
--> cpu | 1 | decomposition | 2880

-- The next points: one of them strange, one of a host that nobody knew.
CREATE TABLE arrived AS
SELECT * FROM (
    VALUES ('web', TIMESTAMP '2024-05-11 00:10:00', 45.0), ('mail', TIMESTAMP '2024-05-11 00:10:00', 98.0),
        ('db', TIMESTAMP '2024-05-11 00:10:00', 30.0)
) AS points(host, ts, cpu);
--> 3

SELECT series, value, value > upper_bound AS too_high, is_anomaly, status FROM score_series('cpu', 'arrived') ORDER BY series;
--> db | 30.0 | None | None | unknown series
--> mail | 98.0 | True | True | None
--> web | 45.0 | False | False | None

-- A point is judged by itself: alone it gets the same verdict.
SELECT is_anomaly FROM score_series('cpu', 'FROM arrived WHERE host = ''mail''');
--> True

-- It is a model like any other: listed, described, exported, dropped.
SELECT name, algorithm, n_segments, threshold_policy FROM models();
--> cpu | decomposition | 2 | sensitivity = 0.0001

SELECT DISTINCT name, value FROM model_info('cpu') WHERE section = 'series' AND name <> 'until' ORDER BY ALL;
--> points | 1440
--> reaches | 384 points ahead
--> seasons | 144
--> step | 0:10:00

-- What is for rows refuses it.
SELECT anomaly_score('cpu', l) FROM load AS l;
--> error ADSQL_WRONG_KIND_OF_MODEL

SELECT drop_model('cpu');
--> [1]
