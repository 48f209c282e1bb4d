-- Is a table fit to train on? One row a column: what is wrong with it, and what to use it for.
SET search_path = public, adsql;

CREATE TABLE meters AS
SELECT i AS meter_id, (ARRAY['house', 'factory'])[1 + i % 2] AS kind, 10 + 900 * (i % 2) + 3 * sin(i) AS usage, 0 AS tariff
FROM generate_series(0, 2999) AS i;
INSERT INTO meters VALUES (3000, 'house', 99999, 0);

SELECT column_name, maximum, outliers, findings, suggested_use FROM profile_data('meters');
--> meter_id | 3000 | 0 | ['key'] | key
--> kind | house | None | [] | segment
--> usage | 99999 | 1 | [] | feature
--> tariff | 0 | None | ['constant'] | leave out

-- Detectors that suit it: where to begin.
SELECT algorithm FROM suggest_detectors('meters') ORDER BY rank LIMIT 1;
--> auto

-- Months later: are rows still like those that the model was trained on?
SELECT name FROM train_model('meters', 'meters', columns => ARRAY['kind', 'usage']);
--> meters

SELECT feature, test, verdict FROM check_drift('meters', 'SELECT kind, usage * 1.2 AS usage FROM meters');
--> kind | chi2 | stable
--> usage | ks | large
