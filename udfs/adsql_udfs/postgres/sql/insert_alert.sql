INSERT INTO adsql.alerts (table_name, model_owner, model, threshold) VALUES ($1, $2, $3, $4) RETURNING id
