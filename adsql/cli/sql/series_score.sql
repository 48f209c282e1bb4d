SELECT * FROM adsql.score_series($name, $source, version => $version)
