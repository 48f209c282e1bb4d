-- Points in chunks, as in scored.sql, each judged by a saved model.
SELECT
    result.adsql_key,
    result.adsql_ts,
    result.adsql_value,
    result.adsql_expected,
    result.adsql_lower,
    result.adsql_upper,
    result.adsql_score,
    result.adsql_severity,
    result.adsql_verdict,
    result.adsql_status,
    result.adsql_number
FROM (
    SELECT
        pg_catalog.count(*) OPERATOR(pg_catalog.+) COALESCE(pg_catalog.min(0 ORDER BY 0) FILTER (WHERE false), 0) AS adsql_n,
        pg_catalog.array_agg($key) AS adsql_keys,
        pg_catalog.array_agg($ts) AS adsql_times,
        pg_catalog.array_agg($ts_number) AS adsql_numbers,
        ARRAY[$parts]::pg_catalog.bytea[] AS adsql_parts
    FROM (
        SELECT adsql_source.*, $number AS $chunk
        FROM (
$source
        ) AS adsql_source
        WINDOW adsql_place AS (ROWS UNBOUNDED PRECEDING)
    ) AS adsql_source
    GROUP BY $chunk
) AS chunk
CROSS JOIN LATERAL adsql.__score_series($model, $version, $columns, chunk.adsql_n, chunk.adsql_parts) AS judged
CROSS JOIN LATERAL ROWS FROM (
    pg_catalog.unnest(chunk.adsql_keys),
    pg_catalog.unnest(chunk.adsql_times),
    pg_catalog.unnest(chunk.adsql_numbers),
$verdicts
) AS result (
    adsql_key, adsql_ts, adsql_number, adsql_value, adsql_expected, adsql_lower, adsql_upper, adsql_score,
    adsql_severity, adsql_verdict, adsql_status
)
