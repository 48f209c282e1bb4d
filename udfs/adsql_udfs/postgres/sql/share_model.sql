INSERT INTO adsql.model_shares (owner, name, grantee) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
