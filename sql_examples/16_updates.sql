-- A model can learn from further rows, without those it was trained on.
CREATE TABLE may AS SELECT 20 + 2 * sin(i) AS temperature FROM range(4000) AS r(i);
--> 4000

CREATE TABLE june AS SELECT 29 + 2 * sin(i) AS temperature FROM range(4000) AS r(i);
--> 4000

SELECT train_model('weather', 'may', algorithm => 'hbos').n_rows;
--> 4000

-- June is strange, for who has seen only May.
SELECT avg(severity('weather', june)) > 0.99 FROM june;
--> True

-- The update is a new version; the rows of May are not read again.
DROP TABLE may;

SELECT version, n_rows FROM update_model('weather', 'june');
--> 2 | 8000

SELECT avg(severity('weather', june)) < 0.75 FROM june;
--> True

-- What neither month has seen stays strange, and the version before is still there.
SELECT severity('weather', 45) > 0.99, (SELECT count(*) FROM models() WHERE name = 'weather');
--> True | 2

-- Some detectors need all rows at once.
SELECT algorithm FROM detectors() WHERE algorithm IN ('auto', 'iforest', 'mad', 'zscore') AND incremental ORDER BY algorithm;
--> auto
--> iforest
--> zscore

SELECT train_model('median', 'june', algorithm => 'mad').version;
--> 1

SELECT update_model('median', 'june');
--> error ADSQL_NOT_INCREMENTAL
