SELECT *
FROM adsql.train_model(
    %(model)s::pg_catalog.text,
    %(source)s::pg_catalog.text,
    algorithm => %(algorithm)s::pg_catalog.text,
    columns => %(columns)s::pg_catalog.text[],
    segment_by => %(segment_by)s::pg_catalog.text[],
    contamination => %(contamination)s::pg_catalog.float8,
    params => %(params)s::pg_catalog.text,
    seed => %(seed)s::pg_catalog.int8,
    threshold => %(threshold)s::pg_catalog.float8,
    alert_budget => %(alert_budget)s::pg_catalog.int8,
    label_column => %(label_column)s::pg_catalog.text,
    segment_shrinkage => %(segment_shrinkage)s::pg_catalog.float8,
    alert_day => %(alert_day)s::pg_catalog.text
)
