SELECT *
FROM adsql.threshold_report($name, $source, version => $version)
