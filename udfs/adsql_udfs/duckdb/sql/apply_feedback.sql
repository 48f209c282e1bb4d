-- Learn from the verdicts on a model and store the result as a new version, in a transaction of its own.
WITH adsql_source AS NOT MATERIALIZED (
$source
),
adsql_model AS MATERIALIZED (
SELECT $handle AS handle
),
adsql_learned AS MATERIALIZED (
SELECT
    __adsql_feedback_record((SELECT handle FROM adsql_model), groups, $verdicts, $name, $described) AS record
FROM (
$sample
)
),
adsql_stored AS MATERIALIZED (
SELECT __adsql_store(__adsql_instance(1), current_database(), record) AS stored
FROM adsql_learned
)
SELECT stored FROM adsql_stored
