-- Sources are tables, views, files, DataFrames (in Python, by their variable's name) or a SELECT.
CREATE VIEW strange_rides AS
SELECT * FROM detect_anomalies('adsql/datasets/nyc_taxi.csv', contamination => 0.001) WHERE is_anomaly;

SELECT count(*) FROM strange_rides;
--> 10

-- A CTE is read through a SELECT.
WITH january AS (SELECT * FROM 'adsql/datasets/nyc_taxi.csv' WHERE pickup_time >= '2015-01-01')
SELECT count(*) FROM detect_anomalies('FROM january');
--> 1488

-- Results go wherever results of a query go.
COPY (FROM strange_rides) TO 'strange_rides.parquet';
--> 10

SELECT count(*) FROM 'strange_rides.parquet';
--> 10
