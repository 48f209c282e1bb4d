-- With a model's last version: another model of that name is not shared because this one was.
DELETE FROM adsql.model_shares AS s
WHERE s.owner OPERATOR(pg_catalog.=) $1::pg_catalog.name
AND s.name OPERATOR(pg_catalog.=) $2
AND NOT EXISTS (
    SELECT FROM adsql.models AS m WHERE m.owner OPERATOR(pg_catalog.=) s.owner AND m.name OPERATOR(pg_catalog.=) s.name
)
