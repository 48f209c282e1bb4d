INSERT INTO adsql_gateway.tenants (name, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING name
