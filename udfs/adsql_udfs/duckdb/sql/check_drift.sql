-- How a sample of a source differs from what a saved model was trained on.
WITH adsql_source AS NOT MATERIALIZED (
$source
),
adsql_model AS MATERIALIZED (
SELECT $handle AS handle
)
SELECT adsql_drift.*
FROM (
    SELECT unnest(__adsql_drift((SELECT handle FROM adsql_model), groups)) AS adsql_drift
    FROM (
$sample
    )
)
