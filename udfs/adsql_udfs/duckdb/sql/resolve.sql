-- The handle of a saved model; __adsql_load raises if there is none, naming those that exist.
-- The aggregate keeps DuckDB from loading every model there is when the name comes from a column.
-- The casts leave it to __adsql_load to refuse a name or version of another type.
-- The columns get other names first: the caller's expressions may contain columns called name or version.
(
    SELECT __adsql_load(
        adsql_hash,
        adsql_state,
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
        SELECT any_value(adsql_hash) AS adsql_hash, any_value(adsql_state) AS adsql_state
        FROM (
            SELECT
                saved.name AS adsql_name,
                saved.version AS adsql_version,
                saved.content_hash AS adsql_hash,
                saved.state AS adsql_state
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
