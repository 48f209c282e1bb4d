SELECT id, tenant, user_id, kind, subject, state, created_at, started_at, finished_at, total_rows, row_count, problem
FROM adsql_gateway.jobs
WHERE tenant = $1
ORDER BY created_at DESC, id
LIMIT $2
