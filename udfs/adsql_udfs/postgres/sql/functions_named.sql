-- Functions of a name in a schema: how DROP names them, their arguments, and what their comment says.
SELECT
    p.oid::pg_catalog.regprocedure::pg_catalog.text AS signature,
    p.proargnames AS names,
    p.proargtypes::pg_catalog.regtype[]::pg_catalog.text[] AS types,
    pg_catalog.obj_description(p.oid, 'pg_proc') AS comment
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
WHERE n.nspname OPERATOR(pg_catalog.=) $1::pg_catalog.name
AND p.proname OPERATOR(pg_catalog.=) $2::pg_catalog.name
