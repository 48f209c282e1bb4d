SELECT
    at, request_id, tenant, username, credential, address, method, path, subject, status, code, row_count, duration_ms
FROM adsql_gateway.audit
WHERE ($1::TEXT IS NULL OR tenant = $1) AND at < $2 AND ($3::TEXT IS NULL OR username = $3)
ORDER BY at DESC
LIMIT $4
