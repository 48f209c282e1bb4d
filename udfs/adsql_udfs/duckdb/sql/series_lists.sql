-- Each series becomes one list, which is judged as a whole. Lists are spread over further rows that have none, so that
-- DuckDB, which passes 2,048 rows at a time, passes about $points points at a time; memory stays bounded. They are
-- kept before they are judged: what an aggregate makes comes out of one thread, what is kept is read by all.
WITH adsql_source AS NOT MATERIALIZED (
$source
),
$holidays
adsql_series AS (
SELECT adsql_key, first(adsql_whose) AS adsql_whose, list({'t': adsql_time, $fields, 'x': adsql_excluded}) AS adsql_rows
FROM (
    SELECT $key AS adsql_key, $whose AS adsql_whose, adsql_source.$time AS adsql_time, $values, $excluded AS adsql_excluded
    FROM adsql_source
)
GROUP BY adsql_key
),
adsql_spread AS MATERIALIZED (
SELECT
    adsql_key,
    CASE WHEN adsql_place = 0 THEN adsql_rows END AS adsql_rows,
    CASE WHEN adsql_place = 0 THEN $own_holidays END AS adsql_calendar,
    adsql_place
FROM (
    SELECT
        adsql_key,
        adsql_rows,
        $whose_text AS adsql_whose,
        unnest(range(1 + least(2047, (len(adsql_rows) * 2048) // $points))) AS adsql_place
    FROM adsql_series
)
)
