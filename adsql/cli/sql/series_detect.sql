SELECT *
FROM adsql.detect_series_anomalies(
    $source,
    $time,
    $value,
    series => $series,
    algorithm => $algorithm,
    season => $season,
    sensitivity => $sensitivity,
    contamination => $contamination,
    alert_budget => $alert_budget,
    direction => $direction,
    min_deviation => $min_deviation,
    holidays => $holidays,
    covariates => $covariates,
    horizon => $horizon,
    mode => $mode
)
