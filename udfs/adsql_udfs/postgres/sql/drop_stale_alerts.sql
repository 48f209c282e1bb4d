-- Those whose trigger went with a table of the same name.
DELETE FROM adsql.alerts AS a
WHERE a.owner OPERATOR(pg_catalog.=) current_user
AND a.table_name OPERATOR(pg_catalog.=) $1
AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_trigger AS t
    WHERE t.tgname OPERATOR(pg_catalog.=) pg_catalog.concat('adsql_alert_', a.id)::pg_catalog.name
    AND t.tgfoid OPERATOR(pg_catalog.=) 'adsql.__alert_trigger()'::pg_catalog.regprocedure
)
