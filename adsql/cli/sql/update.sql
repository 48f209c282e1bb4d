SELECT *
FROM adsql.update_model($name, $source, seed => $seed)
