SELECT a.attname AS name, a.atttypid AS type, a.atttypmod AS modifier
FROM pg_catalog.pg_attribute AS a
WHERE a.attrelid OPERATOR(pg_catalog.=) $1
AND a.attnum OPERATOR(pg_catalog.>) 0
AND NOT a.attisdropped
ORDER BY a.attnum
