SELECT DISTINCT m.version FROM adsql.models AS m WHERE m.name OPERATOR(pg_catalog.=) $1 ORDER BY m.version
