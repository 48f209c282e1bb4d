DELETE FROM adsql_gateway.sessions WHERE user_id = $1
