-- What a model keeps of each series.
SELECT pg_catalog.array_agg(
    adsql.__keep_series($options, $columns, series.adsql_n, series.adsql_parts, series.adsql_holidays)
) AS states
FROM (
$groups
) AS series
