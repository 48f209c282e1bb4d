DELETE FROM adsql.models AS m
WHERE m.owner OPERATOR(pg_catalog.=) $1::pg_catalog.name
AND m.name OPERATOR(pg_catalog.=) $2
AND ($3 IS NULL OR m.version OPERATOR(pg_catalog.=) $3)
RETURNING m.version
