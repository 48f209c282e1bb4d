SELECT *
FROM adsql.apply_feedback($model, $source, version => $version)
