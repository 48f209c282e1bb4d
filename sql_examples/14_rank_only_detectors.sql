-- Some detectors compare all rows of one table with each other. They rank that table, and have no model to keep.
SELECT algorithm, max_rows FROM detectors() WHERE capability = 'fit_only' ORDER BY algorithm;
--> cd | 100000
--> cof | 20000
--> hdbscan | 20000
--> lmdd | 4000
--> loci | 1000
--> qmcd | 20000
--> sod | 20000
--> sos | 20000

-- Half hours of the first of November 2014 and its neighbours: which one is badly connected to the others?
CREATE TABLE marathon AS
SELECT pickup_time, passengers, lag(passengers) OVER (ORDER BY pickup_time) AS before
FROM 'adsql/datasets/nyc_taxi.csv'
WHERE pickup_time BETWEEN '2014-10-31' AND '2014-11-04';
--> 193

SELECT pickup_time, passengers, round(anomaly_score, 2)
FROM detect_anomalies('marathon', algorithm => 'cof', columns => ['passengers', 'before'])
ORDER BY anomaly_score DESC
LIMIT 2;
--> 2014-11-02 02:00:00 | 13259 | 4.33
--> 2014-11-02 01:00:00 | 39197 | 4.17

SELECT train_model('taxis', 'marathon', algorithm => 'cof');
--> error ADSQL_NOT_ROW_WISE

-- They take rows up to a limit, and say so before anything quadratic starts.
SELECT count(*) FROM detect_anomalies('adsql/datasets/nyc_taxi.csv', algorithm => 'loci');
--> error ADSQL_TOO_MANY_ROWS

-- A sample of the rows is the way round it.
SELECT count(*)
FROM detect_anomalies('FROM ''adsql/datasets/nyc_taxi.csv'' USING SAMPLE 300 ROWS (reservoir, 1)', algorithm => 'loci');
--> 300
