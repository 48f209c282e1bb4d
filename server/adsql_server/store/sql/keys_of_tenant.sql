SELECT k.id, k.name, u.username, k.role, k.created_at, k.expires_at, k.revoked_at
FROM adsql_gateway.api_keys AS k
JOIN adsql_gateway.users AS u ON u.id = k.user_id
WHERE u.tenant = $1
ORDER BY k.created_at, k.id
