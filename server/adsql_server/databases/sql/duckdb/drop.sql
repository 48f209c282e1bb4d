SELECT unnest(versions) AS version
FROM (SELECT adsql.drop_model($model, version => $version) AS versions)
