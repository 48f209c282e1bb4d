-- Models have versions; training again appends one.
CREATE TABLE numbers AS SELECT i % 100 AS x, i % 7 AS y FROM range(1000) AS r(i);
--> 1000

SELECT train_model('m', 'numbers').version;
--> 1

SELECT train_model('m', 'numbers', algorithm => 'hbos').version;
--> 2

-- The same data with the same options give the same model, bit for bit: no further version.
SELECT train_model('m', 'numbers', algorithm => 'hbos').version;
--> 2

SELECT name, version, is_newest, algorithm, n_rows, n_features, source FROM models();
--> m | 1 | False | auto | 1000 | 2 | numbers
--> m | 2 | True | hbos | 1000 | 2 | numbers

-- What a model uses, how it is encoded, and what was left out and why.
SELECT section, name FROM model_info('m', version => 1) WHERE section IN ('parameter', 'feature');
--> parameter | n_neighbors
--> parameter | reference_size
--> feature | x
--> feature | y

SELECT count(*) FROM detect_anomalies('numbers', model => 'm', version => 1);
--> 1000

SELECT drop_model('m', 1), drop_model('m');
--> [1] | [2]
