-- How many things the current database has, to tell whether one was added.
SELECT
    (SELECT count(*) FROM duckdb_schemas() WHERE database_name = current_database())
    + (SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database())
    + (SELECT count(*) FROM duckdb_views() WHERE database_name = current_database())
    + (SELECT count(*) FROM duckdb_sequences() WHERE database_name = current_database())
    + (SELECT count(*) FROM duckdb_types() WHERE database_name = current_database())
    + (SELECT count(*) FROM duckdb_functions() WHERE database_name = current_database())
    + (SELECT count(*) FROM adsql.models)
