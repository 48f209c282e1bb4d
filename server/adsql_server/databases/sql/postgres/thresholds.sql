SELECT *
FROM adsql.threshold_report(
    %(model)s::pg_catalog.text,
    %(source)s::pg_catalog.text,
    version => %(version)s::pg_catalog.int4
)
