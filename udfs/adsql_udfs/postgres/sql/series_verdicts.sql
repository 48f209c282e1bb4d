-- The arrays of verdicts on points, unfolded.
    pg_catalog.unnest(judged.value::pg_catalog.float8[]),
    pg_catalog.unnest(judged.expected::pg_catalog.float8[]),
    pg_catalog.unnest(judged.lower::pg_catalog.float8[]),
    pg_catalog.unnest(judged.upper::pg_catalog.float8[]),
    pg_catalog.unnest(judged.score::pg_catalog.float8[]),
    pg_catalog.unnest(judged.severity::pg_catalog.float8[]),
    pg_catalog.unnest(judged.is_anomaly::pg_catalog.bool[]),
    pg_catalog.unnest(judged.status::pg_catalog.text[])
