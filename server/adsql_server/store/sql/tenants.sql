SELECT name, created_at FROM adsql_gateway.tenants ORDER BY name
