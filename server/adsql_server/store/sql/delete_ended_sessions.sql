DELETE FROM adsql_gateway.sessions WHERE expires_at < $1
