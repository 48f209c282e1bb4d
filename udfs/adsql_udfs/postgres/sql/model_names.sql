SELECT DISTINCT m.name FROM adsql.models AS m ORDER BY m.name
