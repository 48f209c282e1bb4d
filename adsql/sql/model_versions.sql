SELECT version FROM adsql.models WHERE name = $1 ORDER BY version
