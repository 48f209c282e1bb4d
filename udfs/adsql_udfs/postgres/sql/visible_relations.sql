SELECT c.relname AS name
FROM pg_catalog.pg_class AS c
WHERE c.relkind OPERATOR(pg_catalog.=) ANY ($1)
AND pg_catalog.pg_table_is_visible(c.oid)
AND c.relnamespace OPERATOR(pg_catalog.<>) 'pg_catalog'::pg_catalog.regnamespace
