DELETE FROM adsql.alerts AS a WHERE a.id OPERATOR(pg_catalog.=) $1 RETURNING a.id
