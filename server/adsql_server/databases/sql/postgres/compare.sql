SELECT *
FROM adsql.compare_models(
    %(models)s::pg_catalog.text[],
    %(source)s::pg_catalog.text,
    %(label)s::pg_catalog.text,
    k => %(k)s::pg_catalog.int8,
    versions => %(versions)s::pg_catalog.int4[]
)
