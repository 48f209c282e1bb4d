EXISTS (
    SELECT 1
    FROM (
$exclude
    ) AS adsql_exclude
    WHERE adsql_source.$time::$type OPERATOR(pg_catalog.>=) adsql_exclude.started_at::$type
        AND adsql_source.$time::$type OPERATOR(pg_catalog.<=) adsql_exclude.ended_at::$type
        AND $same_series
)
