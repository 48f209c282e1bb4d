INSERT INTO adsql.feedback (model, row_key, "row", verdict, given_by, note)
VALUES ($1, $2, $3, $4, $5, $6)
