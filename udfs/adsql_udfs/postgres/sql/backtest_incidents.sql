-- What is known to have happened, numbered.
SELECT
    pg_catalog.row_number() OVER () AS number,
    $series AS series,
    adsql_source.started_at::$type AS started_at,
    adsql_source.ended_at::$type AS ended_at
FROM (
$source
) AS adsql_source
