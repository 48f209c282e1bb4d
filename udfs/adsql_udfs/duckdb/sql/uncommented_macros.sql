-- Macros that were just created in a main schema.
SELECT DISTINCT function_name, function_type = 'table_macro'
FROM duckdb_functions()
WHERE database_name = $$1
AND schema_name = 'main'
AND list_contains($$2, function_name)
AND comment IS NULL
