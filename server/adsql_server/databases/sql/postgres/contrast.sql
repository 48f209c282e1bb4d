SELECT *
FROM adsql.contrast_anomalies(
    %(source)s::pg_catalog.text,
    %(flag)s::pg_catalog.text,
    %(dimensions)s::pg_catalog.text[]
)
