-- Into a temporary table, so that the rows are scored once and then shown, counted and written.
CREATE OR REPLACE TEMP TABLE adsql_result AS
SELECT *
FROM adsql.detect_anomalies(
    $source,
    algorithm => $algorithm,
    columns => $columns,
    segment_by => $segment_by,
    contamination => $contamination,
    params => $params,
    seed => $seed,
    model => $model,
    version => $version,
    threshold => $threshold,
    alert_budget => $alert_budget,
    label_column => $label_column,
    segment_shrinkage => $segment_shrinkage,
    alert_day => $alert_day
)
