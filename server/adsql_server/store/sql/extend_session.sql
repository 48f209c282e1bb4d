UPDATE adsql_gateway.sessions SET expires_at = $2 WHERE id = $1
