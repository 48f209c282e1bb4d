-- Functions of the schema adsql, and those that are found under one of our names without a schema; and whether all of
-- that name are adsql's own, which bear its comment. Python UDFs of the user are in the system's database; temporary
-- macros come first. One pass: DuckDB writes down all macros that there are for each.
SELECT schema_name, lower(function_name), bool_and(coalesce(comment, '') = $$2)
FROM duckdb_functions()
WHERE CASE schema_name
    WHEN 'adsql' THEN database_name = current_database()
    WHEN 'main' THEN database_name IN (current_database(), 'system', 'temp') AND list_contains($$1, lower(function_name))
END
GROUP BY ALL
