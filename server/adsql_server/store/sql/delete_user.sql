DELETE FROM adsql_gateway.users WHERE id = $1
