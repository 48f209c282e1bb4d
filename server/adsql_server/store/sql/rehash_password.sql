-- Only if nobody has changed it in the meantime.
UPDATE adsql_gateway.users SET password_hash = $3 WHERE id = $1 AND password_hash = $2
