SELECT *
FROM adsql.preview_feedback($name, $source, version => $version)
