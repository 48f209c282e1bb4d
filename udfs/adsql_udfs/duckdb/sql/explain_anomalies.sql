-- Why the anomalies of a source are anomalies: a row for each of their columns that contribute most.
WITH adsql_source AS NOT MATERIALIZED (
$source
),
adsql_model AS MATERIALIZED (
SELECT $handle AS handle
),
adsql_explained AS MATERIALIZED (
SELECT adsql_number, __adsql_explain_row(handle, adsql_row, $options) AS explained
FROM (
    SELECT row_number() OVER () AS adsql_number, adsql_source AS adsql_row, adsql_model.handle AS handle
    FROM adsql_source, adsql_model
)
)
SELECT
    adsql_number AS row_number,
    explained.row_key AS row_key,
    explained.anomaly_score AS anomaly_score,
    reason.feature AS feature,
    reason.value AS value,
    reason.expected AS expected,
    reason.contribution AS contribution,
    reason.rank AS rank,
    reason.reason AS reason
FROM (
    SELECT adsql_number, explained, unnest(explained.reasons) AS reason
    FROM adsql_explained
)
ORDER BY adsql_number, reason.rank
