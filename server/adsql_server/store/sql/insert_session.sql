INSERT INTO adsql_gateway.sessions (id, user_id, role, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)
