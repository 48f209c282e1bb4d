-- Train on a sample, then score every row. The source is read twice, never materialised. The second half has no row:
-- it makes DuckDB train, and so tell of an empty source, where it knows beforehand that there is nothing to score.
-- Constants in it would be folded, and with them the whole half under a filter.
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
UNION ALL
SELECT
    adsql_source.*,
    strlen(adsql_model.handle)::DOUBLE,
    strlen(adsql_model.handle)::DOUBLE,
    starts_with(adsql_model.handle, '?')
FROM adsql_model
LEFT JOIN adsql_source ON false
WHERE adsql_model.handle = ''
