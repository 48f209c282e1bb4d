-- Why is a row strange? Two are wrong here: a fare that is far too high, and a distance that does not go with its fare.
CREATE TABLE trips AS
SELECT i AS id, 12 + 8 * sin(i) AS fare, 3 + 2 * sin(i) + cos(i * i) / 4 AS distance, ['card', 'cash'][1 + i % 2] AS payment
FROM range(2000) AS r(i)
UNION ALL
SELECT 2000, 950, 3, 'card'
UNION ALL
SELECT 2001, 19, 1, 'card';
--> 2002

CREATE TABLE trained AS
FROM train_model('fares', 'trips', columns => ['fare', 'distance', 'payment'], contamination => 0.001);
--> 1

-- The column that contributes most to each anomaly, with a sentence.
SELECT row_key, reason FROM explain_anomalies('trips', 'fares', top_k => 1, key => 'id');
--> 2000 | fare 950 is far above the 19.99 expected (usual: 4 to 28.79)
--> 2001 | fare 19 is usual by itself, but above the 11.84 that goes with the other columns

-- Joined with the table.
SELECT t.id, t.payment, e.feature, e.value, e.expected
FROM trips AS t JOIN explain_anomalies('trips', 'fares', top_k => 1, key => 'id') AS e ON e.row_key = t.id::VARCHAR
ORDER BY t.id;
--> 2000 | card | fare | 950 | 19.99
--> 2001 | card | fare | 19 | 11.84

-- Any row, whatever the verdict. Contributions add up to the score.
SELECT e.feature, e.rank, round(e.contribution, 2)
FROM (SELECT unnest(x) AS e FROM (SELECT explain_anomaly('fares', t) AS x FROM trips AS t WHERE id = 7));
--> distance | 1 | 0.03
--> fare | 2 | 0.02
--> payment | 3 | 0.0

SELECT round(anomaly_score('fares', t), 2) FROM trips AS t WHERE id = 7;
--> 0.06

-- What would have to change for them to be normal, within the range of the training?
SELECT t.id, s.feature, s.value, s.suggested
FROM (SELECT id, unnest(suggest_normal('fares', t)) AS s FROM trips AS t WHERE id >= 1999) AS t
ORDER BY t.id;
--> 2000 | fare | 950 | 19.996
--> 2001 | fare | 19 | 12
