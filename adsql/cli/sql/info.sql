FROM adsql.model_info($name, version => $version)
