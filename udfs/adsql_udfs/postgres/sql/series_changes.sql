-- Where each series changes, at the time of the first point behind the change.
SELECT
    series.adsql_key,
    series.adsql_times[result.adsql_row],
    result.adsql_kind,
    result.adsql_before,
    result.adsql_after,
    result.adsql_score,
    result.adsql_confidence,
    series.adsql_numbers[result.adsql_row]
FROM (
$groups
) AS series
CROSS JOIN LATERAL adsql.__change_points($options, $columns, series.adsql_n, series.adsql_parts) AS found
CROSS JOIN LATERAL ROWS FROM (
    pg_catalog.unnest(found.place::pg_catalog.int4[]),
    pg_catalog.unnest(found.kind::pg_catalog.text[]),
    pg_catalog.unnest(found.before::pg_catalog.float8[]),
    pg_catalog.unnest(found.after::pg_catalog.float8[]),
    pg_catalog.unnest(found.score::pg_catalog.float8[]),
    pg_catalog.unnest(found.confidence::pg_catalog.float8[])
) AS result (adsql_row, adsql_kind, adsql_before, adsql_after, adsql_score, adsql_confidence)
