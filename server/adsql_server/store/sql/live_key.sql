SELECT u.id, u.username, u.tenant, u.role, k.role, k.secret_hash, k.expires_at
FROM adsql_gateway.api_keys AS k
JOIN adsql_gateway.users AS u ON u.id = k.user_id
WHERE k.id = $1 AND k.revoked_at IS NULL AND k.expires_at > $2 AND u.active
