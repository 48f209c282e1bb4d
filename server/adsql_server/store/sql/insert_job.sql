INSERT INTO adsql_gateway.jobs (
    id, tenant, user_id, kind, subject, state, gateway, created_at, seen_at, total_rows, row_count
)
VALUES ($1, $2, $3, $4, $5, 'queued', $6, $7, $7, $8, 0)
