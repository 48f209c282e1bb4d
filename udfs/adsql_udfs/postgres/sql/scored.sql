-- A source's rows beside their results, in chunks: each chunk is gathered, scored and unfolded in one pass, so that a
-- row and its score cannot be confused and memory stays bounded.
-- The aggregate with an ORDER BY keeps the planner from hashing, which would hold all chunks at once; its filter lets
-- no row in, so that it costs nothing.
SELECT $results
FROM (
    SELECT
        pg_catalog.count(*) AS adsql_n,
        pg_catalog.array_agg($row) AS adsql_rows,
        ARRAY[$parts]::pg_catalog.bytea[] AS adsql_parts,
        pg_catalog.min(1 ORDER BY 1) FILTER (WHERE false)
    FROM (
        SELECT adsql_source.*, $number AS $chunk
        FROM (
$source
        ) AS adsql_source
        WINDOW adsql_place AS (ROWS UNBOUNDED PRECEDING)
    ) AS numbered
    GROUP BY $chunk
) AS chunk
CROSS JOIN LATERAL $function AS scored
CROSS JOIN LATERAL ROWS FROM (
    pg_catalog.unnest(chunk.adsql_rows) $definition,
    pg_catalog.unnest(scored.anomaly_score::pg_catalog.float8[]),
    pg_catalog.unnest(scored.severity::pg_catalog.float8[]),
    pg_catalog.unnest(scored.is_anomaly::pg_catalog.bool[])
) AS result ($names)
