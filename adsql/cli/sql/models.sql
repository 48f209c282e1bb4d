SELECT name, version, algorithm, n_rows, n_features, threshold, source, created_at::TIMESTAMP_S AS created_at
FROM adsql.models()
