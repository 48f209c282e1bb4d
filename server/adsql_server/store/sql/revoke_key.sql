UPDATE adsql_gateway.api_keys
SET revoked_at = $3
WHERE id = $1 AND revoked_at IS NULL AND user_id IN (SELECT id FROM adsql_gateway.users WHERE tenant = $2)
RETURNING id
