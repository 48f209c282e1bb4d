-- All that the plan of an alert depends on. Whether its owner may still use adsql and read the table: a role that is
-- gone may do neither. The newest version of the model that the owner may use: what the policies of adsql.models say,
-- for another role than the one that runs. And the table's columns.
SELECT a.owner, a.model_owner, a.model, a.threshold, m.version, m.content_hash,
    $2::pg_catalog.regclass::pg_catalog.text AS table_name,
    COALESCE(
        pg_catalog.has_table_privilege(r.oid, 'adsql.models', 'SELECT')
        AND pg_catalog.has_table_privilege(r.oid, $2, 'SELECT'),
        false
    ) AS allowed,
    c.names, c.types, c.modifiers
FROM adsql.alerts AS a
LEFT JOIN pg_catalog.pg_roles AS r ON r.rolname OPERATOR(pg_catalog.=) a.owner
LEFT JOIN LATERAL (
    SELECT m.version, m.content_hash
    FROM adsql.models AS m
    WHERE m.owner OPERATOR(pg_catalog.=) a.model_owner
    AND m.name OPERATOR(pg_catalog.=) a.model
    AND (
        m.owner OPERATOR(pg_catalog.=) r.rolname
        OR EXISTS (
            SELECT FROM pg_catalog.pg_roles AS o
            WHERE o.rolname OPERATOR(pg_catalog.=) m.owner AND pg_catalog.pg_has_role(r.oid, o.oid, 'USAGE')
        )
        OR EXISTS (
            SELECT FROM adsql.model_shares AS s
            WHERE s.owner OPERATOR(pg_catalog.=) m.owner
            AND s.name OPERATOR(pg_catalog.=) m.name
            AND (
                s.grantee OPERATOR(pg_catalog.=) 'public'
                OR EXISTS (
                    SELECT FROM pg_catalog.pg_roles AS g
                    WHERE g.rolname OPERATOR(pg_catalog.=) s.grantee AND pg_catalog.pg_has_role(r.oid, g.oid, 'USAGE')
                )
            )
        )
    )
    ORDER BY m.version DESC
    LIMIT 1
) AS m ON true
CROSS JOIN LATERAL (
    SELECT
        pg_catalog.array_agg(f.attname::pg_catalog.text ORDER BY f.attnum) AS names,
        pg_catalog.array_agg(f.atttypid ORDER BY f.attnum) AS types,
        pg_catalog.array_agg(f.atttypmod ORDER BY f.attnum) AS modifiers
    FROM pg_catalog.pg_attribute AS f
    WHERE f.attrelid OPERATOR(pg_catalog.=) $2
    AND f.attnum OPERATOR(pg_catalog.>) 0
    AND NOT f.attisdropped
) AS c
WHERE a.id OPERATOR(pg_catalog.=) $1
