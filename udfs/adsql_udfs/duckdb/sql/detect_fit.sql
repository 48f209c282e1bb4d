-- Train on a sample, then score every row. The source is read twice, never materialised.
WITH adsql_source AS NOT MATERIALIZED (
$source
),
adsql_model AS MATERIALIZED (
SELECT __adsql_fit(groups, $options) AS handle
FROM (
$sample
)
)
$score
