SELECT *
FROM adsql.detector_agreement(
    %(source)s::pg_catalog.text,
    algorithms => %(algorithms)s::pg_catalog.text[],
    columns => %(columns)s::pg_catalog.text[],
    seed => %(seed)s::pg_catalog.int8
)
