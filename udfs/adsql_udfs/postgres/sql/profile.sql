-- Of each column: values that are there, those outside its fences, and its smallest and largest value in binary form.
WITH adsql_figures AS MATERIALIZED (
    SELECT $figures
    FROM (
$source
    ) AS adsql_source
)
SELECT
    (SELECT ARRAY[$filled]::pg_catalog.int8[] FROM adsql_figures) AS filled,
    (SELECT ARRAY[$outliers]::pg_catalog.int8[] FROM adsql_figures) AS outliers,
    ARRAY[$parts]::pg_catalog.bytea[] AS parts
FROM (
    SELECT $smallest
    FROM adsql_figures
    UNION ALL
    SELECT $largest
    FROM adsql_figures
) AS extremes
