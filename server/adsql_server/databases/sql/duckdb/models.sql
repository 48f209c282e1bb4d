-- Times are UTC without a zone in DuckDB; the cast names it.
SELECT
    name, version, is_newest, algorithm, n_rows, n_features, threshold, threshold_policy, segment_by, n_segments, source,
    created_at AT TIME ZONE 'UTC' AS created_at, content_hash
FROM adsql.models()
WHERE $model IS NULL OR name = $model
ORDER BY name, version
