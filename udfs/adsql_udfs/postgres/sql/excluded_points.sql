EXISTS (
    SELECT 1
    FROM (
$exclude
    ) AS adsql_exclude
    WHERE adsql_source.$time::pg_catalog.timestamptz OPERATOR(pg_catalog.>=) adsql_exclude.started_at::pg_catalog.timestamptz
        AND adsql_source.$time::pg_catalog.timestamptz OPERATOR(pg_catalog.<=) adsql_exclude.ended_at::pg_catalog.timestamptz
        AND $same_series
)
