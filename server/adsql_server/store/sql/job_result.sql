SELECT rows FROM adsql_gateway.job_results WHERE job_id = $1 AND number = $2
