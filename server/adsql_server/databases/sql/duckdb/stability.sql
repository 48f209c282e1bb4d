SELECT *
FROM adsql.model_stability($source, algorithm => $algorithm, columns => $columns, params => $params, seed => $seed)
