SELECT c.oid, c.relkind AS kind, c.relpersistence AS persistence, EXISTS (
    SELECT FROM pg_catalog.pg_depend AS d
    WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
    AND d.objid OPERATOR(pg_catalog.=) c.oid
    AND d.refobjid OPERATOR(pg_catalog.=) e.oid
    AND d.deptype OPERATOR(pg_catalog.=) 'e'
) AS own, EXISTS (
    SELECT FROM pg_catalog.pg_partition_tree(c.oid) AS p
    JOIN pg_catalog.pg_class AS f ON f.oid OPERATOR(pg_catalog.=) p.relid
    WHERE f.relkind OPERATOR(pg_catalog.=) 'f'
) AS holds_foreign
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_extension AS e ON e.extname OPERATOR(pg_catalog.=) 'adsql'
WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1)
