SELECT number, sha256 FROM adsql_gateway.migrations ORDER BY number
