-- Of two that come at once, one gets the row.
UPDATE adsql_gateway.refresh_tokens SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL RETURNING session_id
