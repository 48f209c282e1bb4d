-- Functions that are found under one of our names without a schema, and whether all of that name are adsql's own,
-- which bear its comment. Python UDFs of the user are in the system's database; temporary macros come first.
SELECT lower(function_name), bool_and(coalesce(comment, '') = $$2)
FROM duckdb_functions()
WHERE database_name IN (current_database(), 'system', 'temp')
AND schema_name = 'main'
AND list_contains($$1, lower(function_name))
GROUP BY lower(function_name)
