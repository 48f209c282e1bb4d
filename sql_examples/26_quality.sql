-- Is a table fit to train on? One row a column: what is wrong with it, and what to use it for.
CREATE TABLE meters AS
SELECT
    i AS meter_id,
    ['house', 'factory'][1 + i % 2] AS kind,
    CASE WHEN i % 20 > 0 THEN 10 + 900 * (i % 2) + 3 * sin(i) END AS usage,
    CASE WHEN i % 7 = 0 THEN 'ok' END AS remark,
    0 AS tariff
FROM range(3000) AS r(i)
UNION ALL
SELECT 3000, 'house', 99999, NULL, 0;
--> 3001

SELECT column_name, null_rate > 0.04 AS gaps, maximum, outliers, findings, suggested_use FROM profile_data('meters');
--> meter_id | False | 3000 | 0 | ['key'] | key
--> kind | False | house | None | [] | segment
--> usage | True | 99999 | 1 | [] | feature
--> remark | True | ok | None | ['mostly missing', 'constant'] | leave out
--> tariff | False | 0 | None | ['constant'] | leave out

-- Detectors that suit it: where to begin.
SELECT algorithm FROM suggest_detectors('meters') ORDER BY rank LIMIT 1;
--> auto

-- Months later: are rows still like those that the model was trained on?
SELECT name FROM train_model('meters', 'meters', columns => ['kind', 'usage']);
--> meters

SELECT feature, test, verdict FROM check_drift('meters', 'FROM meters USING SAMPLE 500 ROWS (reservoir, 1)');
--> kind | chi2 | stable
--> usage | ks | stable

SELECT feature, verdict FROM check_drift('meters', 'SELECT kind, usage * 1.2 AS usage FROM meters');
--> kind | stable
--> usage | large
