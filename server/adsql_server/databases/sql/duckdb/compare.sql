SELECT *
FROM adsql.compare_models($models, $source, $label, k => $k, versions => $versions)
