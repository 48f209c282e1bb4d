SELECT *
FROM adsql.explain_anomalies(
    %(source)s::pg_catalog.text,
    %(model)s::pg_catalog.text,
    top_k => %(top_k)s::pg_catalog.int8,
    key => %(key)s::pg_catalog.text,
    version => %(version)s::pg_catalog.int4
)
