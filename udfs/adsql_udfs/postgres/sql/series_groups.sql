-- Each series as one group: as in scored.sql, the aggregate with an ORDER BY keeps the planner from holding all groups at
-- once.
SELECT
    points.adsql_key,
    pg_catalog.count(*) OPERATOR(pg_catalog.+) COALESCE(pg_catalog.min(0 ORDER BY 0) FILTER (WHERE false), 0) AS adsql_n,
    pg_catalog.array_agg($ts) AS adsql_times,
    pg_catalog.array_agg($number) AS adsql_numbers,
    $holidays AS adsql_holidays,
    ARRAY[
        $parts,
        pg_catalog.string_agg(pg_catalog.boolsend(points.adsql_excluded), '')
    ]::pg_catalog.bytea[] AS adsql_parts
FROM (
    SELECT adsql_source.*, $key AS adsql_key, $excluded AS adsql_excluded
    FROM (
$source
    ) AS adsql_source
) AS points
GROUP BY points.adsql_key
