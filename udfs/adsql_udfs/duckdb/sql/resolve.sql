-- What $function makes of a saved model, of its columns; it raises if there is none, naming those that exist.
-- The aggregate keeps DuckDB from loading every model there is when the name comes from a column.
-- The casts leave it to the function to refuse a name or version of another type.
-- The columns get other names first: the caller's expressions may contain columns called name or version.
(
    SELECT $function(
        $values,
        $model,
        $version,
        (SELECT list(DISTINCT saved.name) FROM $models AS saved),
        (
            SELECT list(adsql_version)
            FROM (SELECT saved.name AS adsql_name, saved.version AS adsql_version FROM $models AS saved)
            WHERE adsql_name = CAST($model AS VARCHAR)
        )
    )
    FROM (
        SELECT $aggregates
        FROM (
            SELECT
                saved.name AS adsql_name,
                saved.version AS adsql_version,
                $columns
            FROM $models AS saved
        )
        WHERE adsql_name = CAST($model AS VARCHAR)
        AND adsql_version = CASE WHEN $version IS NOT NULL THEN TRY_CAST($version AS INTEGER) ELSE (
            SELECT max(adsql_version)
            FROM (SELECT saved.name AS adsql_name, saved.version AS adsql_version FROM $models AS saved)
            WHERE adsql_name = CAST($model AS VARCHAR)
        ) END
    )
)
