-- A uniform sample that depends on the rows' order and the seed only, as binary columns.
SELECT pg_catalog.count(*) AS n, $parts
FROM (
    SELECT *
    FROM (
        SELECT adsql_source.*, pg_catalog.row_number() OVER () AS $number
        FROM (
$source
        ) AS adsql_source
    ) AS numbered
    ORDER BY pg_catalog.hashint8extended($number, $seed), $number
    LIMIT $rows
) AS sampled
