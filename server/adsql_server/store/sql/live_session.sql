SELECT u.id, u.username, u.tenant, u.role, s.role, u.one_time
FROM adsql_gateway.sessions AS s
JOIN adsql_gateway.users AS u ON u.id = s.user_id
WHERE s.id = $1 AND s.revoked_at IS NULL AND s.expires_at > $2 AND u.active
