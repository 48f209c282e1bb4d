SELECT m.version, m.content_hash
FROM adsql.models AS m
WHERE m.owner OPERATOR(pg_catalog.=) current_user
AND m.name OPERATOR(pg_catalog.=) $1
ORDER BY m.version DESC
LIMIT 1
