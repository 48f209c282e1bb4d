SELECT *
FROM adsql.detect_change_points(
    $source, $time, $value, series => $series, kind => $kind, season => $season, sensitivity => $sensitivity
)
ORDER BY series, ts
