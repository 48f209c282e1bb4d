INSERT INTO adsql_gateway.job_results (job_id, number, rows) VALUES ($1, $2, $3)
