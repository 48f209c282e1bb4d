-- Stands for the table of models in a database that never had one and cannot get one, being read-only.
(
    SELECT
        NULL::VARCHAR AS name,
        NULL::INTEGER AS version,
        NULL::VARCHAR AS algorithm,
        NULL::BIGINT AS n_rows,
        NULL::INTEGER AS n_features,
        NULL::DOUBLE AS threshold,
        NULL::VARCHAR AS threshold_policy,
        NULL::VARCHAR[] AS segment_by,
        NULL::INTEGER AS n_segments,
        NULL::VARCHAR AS source,
        NULL::TIMESTAMP AS created_at,
        NULL::VARCHAR AS library_versions,
        NULL::VARCHAR AS content_hash,
        NULL::BLOB AS state
    WHERE false
)
