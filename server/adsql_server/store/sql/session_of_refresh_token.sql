SELECT session_id FROM adsql_gateway.refresh_tokens WHERE token_hash = $1
