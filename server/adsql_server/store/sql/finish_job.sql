-- One that was cancelled meanwhile stays so.
UPDATE adsql_gateway.jobs SET state = $2, finished_at = $3, problem = $4
WHERE id = $1 AND state IN ('queued', 'running')
RETURNING id
