-- Which groups of a source's rows anomalies come from.
WITH adsql_source AS NOT MATERIALIZED (
$source
),
adsql_rows AS MATERIALIZED (
SELECT list(adsql_source) AS collected
FROM adsql_source
)
SELECT adsql_contrast.*
FROM (
    SELECT unnest(__adsql_contrast(collected, $asked)) AS adsql_contrast
    FROM adsql_rows
)
