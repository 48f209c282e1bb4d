UPDATE adsql_gateway.users SET role = $2, active = $3 WHERE id = $1
