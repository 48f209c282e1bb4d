SELECT
    n.nspname::pg_catalog.text AS "schema", c.relname::pg_catalog.text AS name, a.attname::pg_catalog.text AS "column",
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS type
FROM pg_catalog.pg_class AS c
INNER JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
INNER JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p')
AND n.nspname NOT IN ('adsql', 'information_schema', 'pg_catalog')
AND n.nspname NOT LIKE 'pg\_toast%%'
AND n.nspname NOT LIKE 'pg\_temp%%'
AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
ORDER BY n.nspname, c.relname, a.attnum
