-- By the trigger: a table may have been renamed since, and another one may have its name.
SELECT a.id
FROM adsql.alerts AS a
JOIN pg_catalog.pg_trigger AS t
ON t.tgname OPERATOR(pg_catalog.=) pg_catalog.concat('adsql_alert_', a.id)::pg_catalog.name
AND t.tgfoid OPERATOR(pg_catalog.=) 'adsql.__alert_trigger()'::pg_catalog.regprocedure
WHERE a.owner OPERATOR(pg_catalog.=) current_user
AND t.tgrelid OPERATOR(pg_catalog.=) $1
AND a.model_owner OPERATOR(pg_catalog.=) $2::pg_catalog.name
AND a.model OPERATOR(pg_catalog.=) $3
