SELECT *
FROM adsql.apply_feedback($name, $source, version => $version)
