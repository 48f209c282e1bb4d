-- What is usual differs between weekdays and weekends: segment_by trains a model for each value of a column.
CREATE TABLE rides AS
SELECT
    hour(pickup_time) AS hour,
    passengers,
    CASE WHEN isodow(pickup_time) >= 6 THEN 'weekend' ELSE 'weekday' END AS kind_of_day
FROM 'adsql/datasets/nyc_taxi.csv';
--> 10320

SELECT kind_of_day, count(*), count(anomaly_score)
FROM detect_anomalies('rides', segment_by => 'kind_of_day')
GROUP BY ALL
ORDER BY ALL;
--> weekday | 7392 | 7392
--> weekend | 2928 | 2928

SELECT name, version FROM train_model('by_day', 'rides', segment_by => ['kind_of_day'], algorithm => 'knn');
--> by_day | 1

-- 2 a.m. with 20,000 passengers: usual in a weekend's night, strange in a week's.
SELECT
    anomaly_score('by_day', {'hour': 2, 'passengers': 20000, 'kind_of_day': 'weekday'})
    > 3 * anomaly_score('by_day', {'hour': 2, 'passengers': 20000, 'kind_of_day': 'weekend'});
--> True

-- Each segment has a threshold of its own.
SELECT segment, name FROM model_info('by_day') WHERE name = 'threshold';
--> weekday | threshold
--> weekend | threshold

-- A segment that was not there in training has no model, and its rows no score.
SELECT anomaly_score('by_day', {'hour': 2, 'passengers': 20000, 'kind_of_day': 'holiday'});
--> None

-- With few rows in each segment, one detector for all of them: it sees each row against what is usual in its segment, which
-- is partly what is usual in all where there are few rows.
CREATE TABLE sales AS
SELECT 'mall' AS shop, 1000 + 50 * sin(i) AS amount FROM range(300) AS r(i)
UNION ALL
SELECT 'corner', 200 + 10 * sin(i * i) FROM range(300) AS r(i)
UNION ALL
-- 80% less than usual, there.
SELECT 'mall', 200
UNION ALL
SELECT 'new', 700 + 30 * i FROM range(5) AS r(i);
--> 606

SELECT shop, amount
FROM detect_anomalies('sales', 'mad', columns => ['amount'], segment_by => 'shop', segment_shrinkage => 20)
WHERE is_anomaly;
--> mall | 200.0
