SELECT 1 FROM adsql_gateway.users LIMIT 1
