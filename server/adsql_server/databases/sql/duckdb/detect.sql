SELECT *
FROM adsql.detect_anomalies(
    $source,
    algorithm => $algorithm,
    columns => $columns,
    segment_by => $segment_by,
    contamination => $contamination,
    params => $params,
    seed => $seed,
    threshold => $threshold,
    alert_budget => $alert_budget,
    label_column => $label_column,
    segment_shrinkage => $segment_shrinkage,
    alert_day => $alert_day
)
