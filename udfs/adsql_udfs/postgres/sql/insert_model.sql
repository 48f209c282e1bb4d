INSERT INTO adsql.models (
    name, version, algorithm, params, columns, segment_by, n_segments, n_rows, n_features,
    threshold, threshold_policy, seed, source, library_versions, content_hash, state
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
