SELECT name, created_at FROM adsql_gateway.tenants WHERE name = $1
