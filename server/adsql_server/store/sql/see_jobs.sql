UPDATE adsql_gateway.jobs SET seen_at = $2
WHERE gateway = $1 AND state IN ('queued', 'running')
RETURNING id
