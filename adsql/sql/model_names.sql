SELECT DISTINCT name FROM adsql.models ORDER BY name
