-- The columns of a row type, in the order in which record_send writes them.
SELECT a.attname AS name
FROM pg_catalog.pg_type AS t
JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=) t.typrelid
WHERE t.oid OPERATOR(pg_catalog.=) $1
AND a.attnum OPERATOR(pg_catalog.>) 0
AND NOT a.attisdropped
ORDER BY a.attnum
