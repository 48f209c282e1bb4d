SELECT id, username, tenant, role, active, one_time, created_at
FROM adsql_gateway.users
WHERE tenant = $1
ORDER BY username
