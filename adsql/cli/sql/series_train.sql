SELECT *
FROM adsql.train_series_model(
    $name,
    $source,
    $time,
    $value,
    series => $series,
    season => $season,
    sensitivity => $sensitivity,
    direction => $direction,
    min_deviation => $min_deviation,
    holidays => $holidays
)
