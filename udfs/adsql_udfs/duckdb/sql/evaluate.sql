-- How well models do on the rows of a labelled source, which is read once.
WITH adsql_source AS NOT MATERIALIZED (
$source
),
adsql_models AS MATERIALIZED (
SELECT $handles
),
adsql_rows AS MATERIALIZED (
SELECT list({$outcomes, 'label': __adsql_label(adsql_source, $label)}) AS collected
FROM adsql_source, adsql_models
)
SELECT $columns
FROM (
    SELECT unnest($function(collected, $k)) AS adsql_figure
    FROM adsql_rows
)
