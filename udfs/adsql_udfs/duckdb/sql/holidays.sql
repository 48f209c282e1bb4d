-- Holidays as the source's times are: whole days of the session's time zone, and times from one to another. What such
-- times do not reach is none.
adsql_holidays AS MATERIALIZED (
SELECT
    adsql_name,
    adsql_series,
    TRY(cast_to_type(adsql_first, adsql_time)) AS adsql_first,
    TRY(cast_to_type(adsql_last, adsql_time)) AS adsql_last
FROM (
    SELECT
        CAST(adsql_holiday.name AS VARCHAR) AS adsql_name,
        CASE WHEN adsql_holiday.series IS NOT NULL THEN $series END AS adsql_series,
        $first AS adsql_first,
        $last AS adsql_last,
        (SELECT adsql_source.$time FROM adsql_source LIMIT 0) AS adsql_time
    FROM (
        -- What a source of holidays may lack.
        SELECT NULL AS name, NULL AS series WHERE false
        UNION ALL BY NAME
        SELECT * FROM (
$source
        )
    ) AS adsql_holiday
)
WHERE adsql_first IS NOT NULL AND adsql_last IS NOT NULL
),
