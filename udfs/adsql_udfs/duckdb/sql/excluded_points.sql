EXISTS (
    SELECT 1
    FROM (
$exclude
    ) AS adsql_exclude
    WHERE adsql_source.$time BETWEEN adsql_exclude.started_at AND adsql_exclude.ended_at$same_series
)
