SELECT * FROM (
$source
) AS adsql_source
