DELETE FROM adsql_gateway.refresh_tokens WHERE session_id NOT IN (SELECT id FROM adsql_gateway.sessions)
