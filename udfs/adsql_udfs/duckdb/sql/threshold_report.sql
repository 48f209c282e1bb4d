-- What each threshold of a saved model would flag of a source, which is read once.
WITH adsql_source AS NOT MATERIALIZED (
$source
),
adsql_model AS MATERIALIZED (
SELECT $handle AS handle
),
adsql_rows AS MATERIALIZED (
SELECT
    any_value(adsql_model.handle) AS handle,
    list({
        'key': __adsql_key_in(adsql_model.handle, adsql_source),
        'score': __adsql_anomaly_score(adsql_model.handle, adsql_source)
    }) AS collected
FROM adsql_source, adsql_model
)
SELECT adsql_threshold.*
FROM (
    SELECT unnest(__adsql_thresholds(handle, collected)) AS adsql_threshold
    FROM adsql_rows
)
