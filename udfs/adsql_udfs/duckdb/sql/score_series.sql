-- Judge each point by a saved model.
WITH adsql_source AS NOT MATERIALIZED (
$source
),
adsql_model AS MATERIALIZED (
SELECT $handle AS handle
)
SELECT
    series,
    ts,
    value,
    adsql_result.expected_value AS expected_value,
    adsql_result.lower_bound AS lower_bound,
    adsql_result.upper_bound AS upper_bound,
    adsql_result.anomaly_score AS anomaly_score,
    adsql_result.severity AS severity,
    adsql_result.is_anomaly AS is_anomaly,
    adsql_result.status AS status
FROM (
    SELECT series, ts, value, __adsql_score_series(adsql_model.handle, $columns, adsql_text, ts, value) AS adsql_result
    FROM (
        SELECT
            $key AS series,
            $text AS adsql_text,
            adsql_source.$time AS ts,
            CAST(adsql_source.$value AS DOUBLE) AS value
        FROM adsql_source
    ), adsql_model
)
