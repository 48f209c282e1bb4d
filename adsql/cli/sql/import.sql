SELECT *
FROM adsql.import_model($name, $data)
