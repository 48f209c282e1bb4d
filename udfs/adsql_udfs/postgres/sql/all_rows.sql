SELECT pg_catalog.count(*) AS n, $parts
FROM (
$source
) AS sampled
