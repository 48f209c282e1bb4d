-- Versions of a name that the caller may use, by the table's policies.
SELECT m.owner, m.name, m.version, m.content_hash
FROM adsql.models AS m
WHERE m.name OPERATOR(pg_catalog.=) $1
AND ($2 IS NULL OR m.version OPERATOR(pg_catalog.=) $2)
