SELECT pg_catalog.count(*) AS n
FROM (
$source
) AS adsql_source
