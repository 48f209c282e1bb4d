SELECT section, name, value, segment
FROM adsql.model_info(%(model)s::pg_catalog.text, %(version)s::pg_catalog.int4)
