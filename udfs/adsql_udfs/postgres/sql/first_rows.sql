SELECT *
FROM (
$source
) AS adsql_first
LIMIT $rows
