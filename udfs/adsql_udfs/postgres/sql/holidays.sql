-- The holidays of a series: name, first and last time of each, as numbers; NULL for none.
(
    SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(adsql_days.adsql_name, $first, $last))::pg_catalog.text
    FROM (
        SELECT $name AS adsql_name, ($started)::$type AS adsql_first, ($ended)::$type AS adsql_last
        FROM (
$source
        ) AS adsql_holiday
        WHERE $same_series
    ) AS adsql_days
    WHERE $known
)
