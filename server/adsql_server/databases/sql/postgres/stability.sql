SELECT *
FROM adsql.model_stability(
    %(source)s::pg_catalog.text,
    algorithm => %(algorithm)s::pg_catalog.text,
    columns => %(columns)s::pg_catalog.text[],
    params => %(params)s::pg_catalog.text,
    seed => %(seed)s::pg_catalog.int8
)
