SELECT *
FROM adsql.evaluate_model(
    %(model)s::pg_catalog.text,
    %(source)s::pg_catalog.text,
    %(label)s::pg_catalog.text,
    k => %(k)s::pg_catalog.int8,
    version => %(version)s::pg_catalog.int4
)
