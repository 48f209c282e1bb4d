-- Keep what each series needs, and store it all as one model in a transaction of its own.
$lists,
adsql_kept AS (
SELECT adsql_place, __adsql_fit_series(adsql_key, adsql_rows, adsql_calendar, $options) AS adsql_state
FROM adsql_spread
),
adsql_fitted AS MATERIALIZED (
SELECT __adsql_series_record(list(adsql_state), $options, $columns, $name, $described) AS record
FROM adsql_kept
WHERE adsql_place = 0
),
adsql_stored AS MATERIALIZED (
SELECT __adsql_store(__adsql_instance(1), current_database(), record) AS stored
FROM adsql_fitted
)
SELECT stored FROM adsql_stored
