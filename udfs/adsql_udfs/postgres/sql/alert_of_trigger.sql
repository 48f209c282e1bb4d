-- An alert, and whether its owner may still use adsql and read the table. A role that is gone may do neither.
SELECT a.owner, a.model_owner, a.model, a.threshold,
    $2::pg_catalog.regclass::pg_catalog.text AS table_name,
    COALESCE(
        pg_catalog.has_table_privilege(r.oid, 'adsql.models', 'SELECT')
        AND pg_catalog.has_table_privilege(r.oid, $2, 'SELECT'),
        false
    ) AS allowed
FROM adsql.alerts AS a
LEFT JOIN pg_catalog.pg_roles AS r ON r.rolname OPERATOR(pg_catalog.=) a.owner
WHERE a.id OPERATOR(pg_catalog.=) $1
