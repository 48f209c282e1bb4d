-- Macros of the main schema that have one of our names and are not ours.
SELECT DISTINCT function_name
FROM duckdb_functions()
WHERE database_name = current_database()
AND schema_name = 'main'
AND list_contains($$1, function_name)
AND NOT contains(macro_definition, 'adsql')
