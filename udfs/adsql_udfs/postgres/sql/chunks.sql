-- A source's rows as binary columns, in chunks; see scored.sql for what keeps memory bounded.
SELECT
    pg_catalog.count(*) OPERATOR(pg_catalog.+) COALESCE(pg_catalog.min(0 ORDER BY 0) FILTER (WHERE false), 0) AS adsql_n,
    ARRAY[$parts]::pg_catalog.bytea[] AS adsql_parts
FROM (
    SELECT adsql_source.*, $number AS $chunk
    FROM (
$source
    ) AS adsql_source
    WINDOW adsql_place AS (ROWS UNBOUNDED PRECEDING)
) AS numbered
GROUP BY $chunk
