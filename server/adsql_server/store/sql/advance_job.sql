UPDATE adsql_gateway.jobs SET row_count = row_count + $2
WHERE id = $1 AND state = 'running'
RETURNING id
