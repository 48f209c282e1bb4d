UPDATE adsql_gateway.sessions
SET revoked_at = $3, revoked_for = $4
WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL
