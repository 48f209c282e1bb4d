SELECT *
FROM adsql.profile_data(%(source)s::pg_catalog.text)
