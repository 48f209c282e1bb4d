SELECT *
FROM adsql.compare_models($names, $source, $label, k => $k)
