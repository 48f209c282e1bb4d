SELECT
    happened_at, request_id, tenant, username, credential, address, method, path, subject, status, code, row_count, duration_ms
FROM adsql_gateway.audit
WHERE ($1::TEXT IS NULL OR tenant = $1) AND happened_at < $2 AND ($3::TEXT IS NULL OR username = $3)
ORDER BY happened_at DESC
LIMIT $4
