SELECT id, username, tenant, role, active, one_time, created_at, password_hash
FROM adsql_gateway.users
WHERE username = $1
