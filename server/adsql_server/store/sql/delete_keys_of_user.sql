DELETE FROM adsql_gateway.api_keys WHERE user_id = $1
