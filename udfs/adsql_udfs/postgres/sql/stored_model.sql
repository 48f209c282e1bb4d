SELECT m.source, m.library_versions, m.content_hash, m.state
FROM adsql.models AS m
WHERE m.owner OPERATOR(pg_catalog.=) $1::pg_catalog.name
AND m.name OPERATOR(pg_catalog.=) $2
AND m.version OPERATOR(pg_catalog.=) $3
