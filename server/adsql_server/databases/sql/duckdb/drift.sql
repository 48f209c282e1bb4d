SELECT *
FROM adsql.check_drift($model, $source, version => $version)
