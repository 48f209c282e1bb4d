SELECT section, name, value, segment
FROM adsql.model_info($model, version => $version)
