SELECT *
FROM adsql.threshold_report($model, $source, version => $version)
