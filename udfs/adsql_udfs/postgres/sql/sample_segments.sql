-- The same for each segment, with the number of its rows.
SELECT pg_catalog.count(*) AS n, pg_catalog.string_agg(pg_catalog.int8send($number), '') AS totals, $parts
FROM (
    SELECT *
    FROM (
        SELECT
            numbered.*,
            pg_catalog.count(*) OVER (PARTITION BY $segments) AS $number,
            pg_catalog.row_number() OVER (
                PARTITION BY $segments ORDER BY pg_catalog.hashint8extended($place, $seed), $place
            ) AS $rank
        FROM (
            SELECT adsql_source.*, pg_catalog.row_number() OVER () AS $place
            FROM (
$source
            ) AS adsql_source
        ) AS numbered
    ) AS ranked
    WHERE $rank OPERATOR(pg_catalog.<=) $rows
) AS sampled
