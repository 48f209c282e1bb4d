INSERT INTO adsql_gateway.migrations (number, name, sha256) VALUES ($1, $2, $3)
