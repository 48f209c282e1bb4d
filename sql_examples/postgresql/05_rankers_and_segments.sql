-- Detectors that compare all rows of one table with each other, and a pipeline for each segment.
SET search_path = public, adsql;

CREATE TABLE stores AS
SELECT
    (ARRAY['kiosk', 'market'])[1 + i % 2] AS kind,
    CASE WHEN i % 2 = 0 THEN 100 + 10 * sin(i) ELSE 9000 + 500 * sin(i) END AS sales,
    20 + 5 * cos(i * i) AS visitors
FROM generate_series(1, 400) AS i
UNION ALL
SELECT 'kiosk', 4000, 20;

SELECT count(*) > 5 AS several FROM detectors() WHERE capability = 'fit_only';
--> True

SELECT (d.row).sales
FROM detect_anomalies(NULL::stores, 'cof', columns => ARRAY['sales', 'visitors']) AS d
ORDER BY d.anomaly_score DESC
LIMIT 1;
--> 4000.0

SELECT train_model('stores', 'stores', algorithm => 'cof');
--> error ADSQL_NOT_ROW_WISE

-- 4,000 is strange for a kiosk only: each kind has its own idea of normal.
SELECT (d.row).kind, (d.row).sales
FROM detect_anomalies(NULL::stores, 'mad', columns => ARRAY['sales'], segment_by => ARRAY['kind']) AS d
WHERE d.is_anomaly;
--> kiosk | 4000.0

-- Known anomalies stay out of training, and choose the threshold.
SELECT d.row ->> 'sales' AS sales
FROM detect_anomalies(
    'SELECT *, sales = 4000 AS wrong FROM stores', 'mad', columns => ARRAY['sales'], segment_by => ARRAY['kind'],
    label_column => 'wrong'
) AS d
WHERE d.is_anomaly;
--> 4000

-- With few rows in each segment, one detector for all of them: it sees each row against what is usual in its segment, which
-- is partly what is usual in all where there are few rows.
CREATE TABLE sales AS
SELECT 'mall' AS shop, 1000 + 50 * sin(i) AS amount FROM generate_series(1, 300) AS i
UNION ALL
SELECT 'corner', 200 + 10 * sin(i * i) FROM generate_series(1, 300) AS i
UNION ALL
-- 80% less than usual, there.
SELECT 'mall', 200
UNION ALL
SELECT 'new', 700 + 30 * i FROM generate_series(0, 4) AS i;

SELECT (d.row).shop, (d.row).amount
FROM detect_anomalies(
    NULL::sales, 'mad', columns => ARRAY['amount'], segment_by => ARRAY['shop'], segment_shrinkage => 20
) AS d
WHERE d.is_anomaly;
--> mall | 200.0
