SELECT *
FROM adsql.suggest_detectors($source)
