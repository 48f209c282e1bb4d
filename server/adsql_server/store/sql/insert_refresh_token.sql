INSERT INTO adsql_gateway.refresh_tokens (token_hash, session_id, issued_at) VALUES ($1, $2, $3)
