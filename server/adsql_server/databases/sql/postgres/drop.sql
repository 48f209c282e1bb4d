SELECT pg_catalog.unnest(adsql.drop_model(%(model)s::pg_catalog.text, %(version)s::pg_catalog.int4)) AS version
