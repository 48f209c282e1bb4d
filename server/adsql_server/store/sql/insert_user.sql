INSERT INTO adsql_gateway.users (id, username, tenant, role, password_hash, one_time, active, created_at)
VALUES ($1, $2, $3, $4, $5, $6, TRUE, $7)
ON CONFLICT DO NOTHING
RETURNING id
