SELECT *
FROM adsql.evaluate_model($name, $source, $label, k => $k, version => $version)
