-- What models of a sample of a source say of it.
WITH adsql_source AS NOT MATERIALIZED (
$source
)
SELECT adsql_figure.*
FROM (
    SELECT unnest($function(groups, $options)) AS adsql_figure
    FROM (
$sample
    )
)
