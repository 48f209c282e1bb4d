SELECT c.table_schema AS "schema", c.table_name AS name, c.column_name AS "column", c.data_type AS type
FROM information_schema.columns AS c
WHERE c.table_catalog = current_database() AND c.table_schema NOT IN ('adsql', 'information_schema', 'pg_catalog')
ORDER BY c.table_schema, c.table_name, c.ordinal_position
