UPDATE adsql_gateway.jobs SET state = 'failed', finished_at = $2, problem = $3
WHERE seen_at < $1 AND state IN ('queued', 'running')
