-- What learning from the verdicts on a model would change.
WITH adsql_source AS NOT MATERIALIZED (
$source
),
adsql_model AS MATERIALIZED (
SELECT $handle AS handle
)
SELECT adsql_effect.*
FROM (
    SELECT unnest(__adsql_feedback_effects((SELECT handle FROM adsql_model), groups, $verdicts)) AS adsql_effect
    FROM (
$sample
    )
)
