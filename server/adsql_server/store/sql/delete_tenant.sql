DELETE FROM adsql_gateway.tenants WHERE name = $1
