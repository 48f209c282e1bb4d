SELECT *
FROM adsql.preview_feedback($model, $source, version => $version)
