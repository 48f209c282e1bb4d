UPDATE adsql_gateway.users SET password_hash = $2, one_time = $3 WHERE id = $1
