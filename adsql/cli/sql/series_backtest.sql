SELECT *
FROM adsql.backtest_series(
    $source,
    $time,
    $value,
    series => $series,
    step => $step,
    incidents => $incidents,
    algorithm => $algorithm,
    season => $season,
    sensitivity => $sensitivity,
    direction => $direction,
    min_deviation => $min_deviation,
    holidays => $holidays,
    covariates => $covariates
)
ORDER BY series, period
