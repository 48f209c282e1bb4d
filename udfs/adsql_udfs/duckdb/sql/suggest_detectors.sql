-- Which detectors suit a source, by a sample of it.
WITH adsql_source AS NOT MATERIALIZED (
$source
)
SELECT adsql_suggestion.*
FROM (
    SELECT unnest(__adsql_suggest(groups)) AS adsql_suggestion
    FROM (
$sample
    )
)
