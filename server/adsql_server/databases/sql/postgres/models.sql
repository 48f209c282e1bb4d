SELECT
    name, version, is_newest, algorithm, n_rows, n_features, threshold, threshold_policy, segment_by, n_segments, source,
    created_at, content_hash
FROM adsql.models()
WHERE %(model)s::pg_catalog.text IS NULL OR name = %(model)s::pg_catalog.text
ORDER BY name, version
