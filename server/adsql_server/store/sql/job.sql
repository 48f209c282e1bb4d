SELECT id, tenant, user_id, kind, subject, state, created_at, started_at, finished_at, total_rows, row_count, problem
FROM adsql_gateway.jobs
WHERE id = $1 AND tenant = $2
