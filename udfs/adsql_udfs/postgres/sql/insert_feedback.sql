INSERT INTO adsql.feedback (model_owner, model, row_key, "row", verdict, note)
VALUES ($1, $2, $3, $4::pg_catalog.jsonb, $5, $6)
