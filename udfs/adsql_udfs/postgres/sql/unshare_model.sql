DELETE FROM adsql.model_shares AS s
WHERE s.owner OPERATOR(pg_catalog.=) $1::pg_catalog.name
AND s.name OPERATOR(pg_catalog.=) $2
AND s.grantee OPERATOR(pg_catalog.=) $3::pg_catalog.name
