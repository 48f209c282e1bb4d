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
    exclude => $exclude,
    holidays => $holidays,
    covariates => $covariates,
    only_last_n => $only_last_n,
    horizon => $horizon,
    params => $params,
    seed => $seed,
    mode => $mode
)
