SELECT a.id
FROM adsql.alerts AS a
WHERE a.owner OPERATOR(pg_catalog.=) current_user
AND a.table_name OPERATOR(pg_catalog.=) $1
AND a.model_owner OPERATOR(pg_catalog.=) $2::pg_catalog.name
AND a.model OPERATOR(pg_catalog.=) $3
