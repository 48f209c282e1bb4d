SELECT *
FROM adsql.detector_agreement($source, algorithms => $algorithms, columns => $columns, seed => $seed)
