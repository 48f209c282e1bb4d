SELECT pg_catalog.count(*) AS n
FROM (
    SELECT DISTINCT $segments
    FROM (
$source
    ) AS adsql_source
) AS segments
