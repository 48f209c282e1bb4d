-- Several detectors as one: a ring of points, one inside it and one outside.
CREATE TABLE ring AS
SELECT i AS id, 10 * sin(i) AS x, 10 * cos(i) AS y FROM range(1000) AS r(i)
UNION ALL
FROM (VALUES (1000, 0.5, 0.5), (1001, 40.0, -35.0));
--> 1002

SELECT train_model(
    'both', 'ring', algorithm => 'ensemble', columns => ['x', 'y'], contamination => 0.002,
    params => {'detectors': ['knn', 'zscore'], 'combination': 'maximum'}
).algorithm;
--> ensemble

-- What each member says, and whether they agree: the point inside is strange to the one that looks at neighbours.
SELECT r.id, c.consensus, round(c.members['knn'], 2) AS knn, round(c.members['zscore'], 2) AS zscore
FROM ring AS r, (SELECT consensus('both', r) AS c)
WHERE is_anomaly('both', r)
ORDER BY r.id;
--> 1000 | 0.5 | 1.0 | 0.0
--> 1001 | 1.0 | 1.0 | 1.0

-- All of it as columns.
SELECT max(disagreement) > 0.49 FROM (SELECT r.*, c.* FROM ring AS r, (SELECT consensus('both', r) AS c));
--> True

-- What the model is made of.
SELECT name, value FROM model_info('both') WHERE section = 'fitted' ORDER BY name;
--> combination | maximum
--> knn: reference rows | 1,002
--> members | knn, zscore

-- A single detector has nobody to agree with.
SELECT train_model('one', 'ring', algorithm => 'knn', columns => ['x', 'y']).version;
--> 1

SELECT consensus('one', r) FROM ring AS r;
--> error ADSQL_INVALID_OPTION
