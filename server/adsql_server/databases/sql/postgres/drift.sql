SELECT *
FROM adsql.check_drift(
    %(model)s::pg_catalog.text,
    %(source)s::pg_catalog.text,
    version => %(version)s::pg_catalog.int4
)
