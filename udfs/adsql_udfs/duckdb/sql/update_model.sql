-- Learn from further rows and store the result as a new version, in a transaction of its own.
WITH adsql_source AS NOT MATERIALIZED (
$source
),
adsql_model AS MATERIALIZED (
SELECT $handle AS handle
),
adsql_updated AS MATERIALIZED (
SELECT __adsql_update_record((SELECT handle FROM adsql_model), groups, $seed, $name, $described) AS record
FROM (
$sample
)
),
adsql_stored AS MATERIALIZED (
SELECT __adsql_store(__adsql_instance(1), current_database(), record) AS stored
FROM adsql_updated
)
SELECT stored FROM adsql_stored
