-- train_model keeps the model at once, whatever becomes of your transaction. fit_model returns the row instead, to
-- insert it yourself: then it comes and goes with your transaction.
CREATE TABLE numbers AS SELECT i % 100 AS x FROM range(1000) AS r(i);
--> 1000

BEGIN;

INSERT INTO adsql.models FROM fit_model('m', 'numbers');
--> 1

SELECT round(anomaly_score('m', 500), 1) > 1;
--> True

ROLLBACK;

SELECT count(*) FROM models();
--> 0
