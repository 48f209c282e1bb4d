-- Each series becomes one group, which is judged as a whole and unfolded again.
SELECT
    series.adsql_key,
    COALESCE(result.adsql_ts, $later_ts),
    result.adsql_value,
    result.adsql_expected,
    result.adsql_lower,
    result.adsql_upper,
    result.adsql_score,
    result.adsql_severity,
    result.adsql_verdict,
    result.adsql_status,
    judged.algorithms[1 OPERATOR(pg_catalog.+) result.adsql_algorithm],
    judged.season,
    result.adsql_contribution::pg_catalog.jsonb,
    COALESCE(result.adsql_number, $later_number)
FROM (
$groups
) AS series
CROSS JOIN LATERAL adsql.__judge_series(
    $options, $columns, series.adsql_n, series.adsql_parts, series.adsql_holidays
) AS judged
CROSS JOIN LATERAL ROWS FROM (
    pg_catalog.unnest(series.adsql_times),
    pg_catalog.unnest(series.adsql_numbers),
$verdicts,
    pg_catalog.unnest(judged.asked::pg_catalog.bool[]),
    pg_catalog.unnest(judged.algorithm::pg_catalog.int4[]),
    pg_catalog.unnest(judged.contributions),
    pg_catalog.unnest(judged.later)
) AS result (
    adsql_ts, adsql_number, adsql_value, adsql_expected, adsql_lower, adsql_upper, adsql_score, adsql_severity, adsql_verdict,
    adsql_status, adsql_asked, adsql_algorithm, adsql_contribution, adsql_later
)
WHERE result.adsql_asked
