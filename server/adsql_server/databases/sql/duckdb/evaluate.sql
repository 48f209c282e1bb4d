SELECT *
FROM adsql.evaluate_model($model, $source, $label, k => $k, version => $version)
