-- A source's rows beside their results, in chunks: each chunk is gathered, scored and unfolded in one pass, so that a
-- row and its score cannot be confused and memory stays bounded.
-- An aggregate with an ORDER BY keeps the planner from hashing, which would hold all chunks at once; its filter lets no
-- row in, so that it costs nothing. It is part of a column that is used: the planner would drop it from any other.
SELECT $results
FROM (
    SELECT
        pg_catalog.count(*) OPERATOR(pg_catalog.+) COALESCE(pg_catalog.min(0 ORDER BY 0) FILTER (WHERE false), 0) AS adsql_n,
        pg_catalog.array_agg($row) AS adsql_rows,
        ARRAY[$parts]::pg_catalog.bytea[] AS adsql_parts$group_parts
    FROM (
        SELECT adsql_source.*, $number AS $chunk
        FROM (
$source
        ) AS adsql_source
        WINDOW adsql_place AS (ROWS UNBOUNDED PRECEDING)
    ) AS numbered
    GROUP BY $chunk
) AS chunk
CROSS JOIN LATERAL $function AS scored$grouped
CROSS JOIN LATERAL ROWS FROM (
    pg_catalog.unnest(chunk.adsql_rows) $definition,
    pg_catalog.unnest(scored.anomaly_score::pg_catalog.float8[]),
    pg_catalog.unnest(scored.severity::pg_catalog.float8[]),
    pg_catalog.unnest(scored.is_anomaly::pg_catalog.bool[])$groups
) AS result ($names)
