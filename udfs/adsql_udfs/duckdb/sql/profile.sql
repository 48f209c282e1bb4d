-- What the columns of a source are like. It is read twice: for a sample, then for counts beside the sample's fences.
-- CASE and not FILTER: with a column of NULLs without a type, DuckDB 2.0 takes its filter for that of all columns.
WITH adsql_source AS NOT MATERIALIZED (
$source
),
adsql_sample AS MATERIALIZED (
SELECT groups, __adsql_fences(groups) AS fences
FROM (
$sample
)
),
adsql_columns AS MATERIALIZED (
SELECT {
    'type': any_value(typeof(COLUMNS(adsql_source.*))),
    'filled': count(__adsql_outside(COLUMNS(adsql_source.*), adsql_sample.fences[alias(COLUMNS(adsql_source.*))])),
    'outliers': count_if(__adsql_outside(COLUMNS(adsql_source.*), adsql_sample.fences[alias(COLUMNS(adsql_source.*))])),
    'smallest': min(
        CASE WHEN __adsql_outside(COLUMNS(adsql_source.*), adsql_sample.fences[alias(COLUMNS(adsql_source.*))]) IS NOT NULL THEN COLUMNS(adsql_source.*) END
    ),
    'largest': max(
        CASE WHEN __adsql_outside(COLUMNS(adsql_source.*), adsql_sample.fences[alias(COLUMNS(adsql_source.*))]) IS NOT NULL THEN COLUMNS(adsql_source.*) END
    )
}
FROM adsql_source, adsql_sample
)
SELECT adsql_column.*
FROM (
    SELECT unnest(__adsql_profile(adsql_sample.groups, adsql_columns)) AS adsql_column
    FROM adsql_sample, adsql_columns
)
