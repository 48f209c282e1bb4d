-- Train and return a row of adsql.models, in the caller's transaction.
WITH adsql_source AS NOT MATERIALIZED (
$source
),
adsql_fitted AS MATERIALIZED (
SELECT __adsql_fit_record(groups, $options, $name, $described) AS record
FROM (
$sample
)
)
SELECT
    name,
    (SELECT coalesce(max(version), 0) + 1 FROM adsql.models WHERE name = $name)::INTEGER AS version,
    * EXCLUDE (name),
    now() AT TIME ZONE 'UTC' AS created_at
FROM (SELECT unnest(record) FROM adsql_fitted)
