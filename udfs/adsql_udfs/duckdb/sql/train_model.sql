-- Train and store in a transaction of its own.
WITH adsql_source AS NOT MATERIALIZED (
$source
),
adsql_fitted AS MATERIALIZED (
SELECT __adsql_fit_record(groups, $options, $name, $described) AS record
FROM (
$sample
)
),
adsql_stored AS MATERIALIZED (
SELECT __adsql_store(__adsql_instance(1), current_database(), record) AS stored
FROM adsql_fitted
)
SELECT stored FROM adsql_stored
