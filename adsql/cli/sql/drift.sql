SELECT *
FROM adsql.check_drift($name, $source, version => $version)
