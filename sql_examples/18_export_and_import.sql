-- A model as bytes: for another database, a backup, a file in version control.
CREATE TABLE numbers AS SELECT i % 100 AS x, i % 7 AS y FROM range(1000) AS r(i) UNION ALL SELECT 900, 3;
--> 1001

SELECT train_model('m', 'numbers', algorithm => 'mad').version;
--> 1

-- Write a file; `adsql export m --database my.duckdb --output m.adsql` does the same.
COPY (SELECT export_model('m')) TO 'm.adsql' (FORMAT blob);
--> 1

-- Read it, here under another name; in another database it is the same statement. PostgreSQL reads the file too:
--   SELECT adsql.import_model('m', pg_read_binary_file('/srv/m.adsql'));
SELECT r.name, r.version, r.n_rows
FROM (SELECT import_model('copy', content) AS r FROM read_blob('m.adsql'));
--> copy | 1 | 1001

-- It is the same model, with the same scores to the last bit.
SELECT count(DISTINCT content_hash), count(*) FROM models();
--> 1 | 2

SELECT count(*) FROM numbers AS n WHERE anomaly_score('m', n) <> anomaly_score('copy', n);
--> 0

-- Importing it again makes no further version. A version of its own is exported by its number.
SELECT version FROM import_model('copy', (SELECT export_model('m', version => 1)));
--> 1

-- What was cut or altered is refused.
SELECT import_model('copy', content[:500]) FROM read_blob('m.adsql');
--> error ADSQL_CORRUPT_MODEL

SELECT export_model('m', version => 2);
--> error ADSQL_UNKNOWN_VERSION
