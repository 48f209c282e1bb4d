SELECT *
FROM adsql.preview_feedback(
    %(model)s::pg_catalog.text,
    %(source)s::pg_catalog.text,
    version => %(version)s::pg_catalog.int4
)
