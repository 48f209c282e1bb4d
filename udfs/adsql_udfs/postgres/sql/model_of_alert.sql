-- The newest version of a model that a role may use: what the policies say, for another role than the one that runs.
SELECT m.owner, m.name, m.version, m.content_hash
FROM adsql.models AS m
JOIN pg_catalog.pg_roles AS r ON r.rolname OPERATOR(pg_catalog.=) $1::pg_catalog.name
WHERE m.owner OPERATOR(pg_catalog.=) $2::pg_catalog.name
AND m.name OPERATOR(pg_catalog.=) $3
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
