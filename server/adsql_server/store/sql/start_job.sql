UPDATE adsql_gateway.jobs SET state = 'running', started_at = $2, seen_at = $2
WHERE id = $1 AND state = 'queued'
RETURNING id
