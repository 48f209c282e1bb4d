-- Every row of every series, and the verdict on it.
$lists,
adsql_judged AS (
SELECT adsql_key, adsql_place, adsql_rows, __adsql_judge_series(adsql_rows, adsql_calendar, $options) AS adsql_series_result
FROM adsql_spread
)
SELECT
    adsql_key AS series,
    coalesce(adsql_row.t, cast_to_type(adsql_later, adsql_row.t)) AS ts,
    $value AS value,
    adsql_result.expected_value AS expected_value,
    adsql_result.lower_bound AS lower_bound,
    adsql_result.upper_bound AS upper_bound,
    adsql_result.anomaly_score AS anomaly_score,
    adsql_result.severity AS severity,
    adsql_result.is_anomaly AS is_anomaly,
    adsql_result.status AS status,
    adsql_algorithms[1 + adsql_algorithm] AS algorithm,
    adsql_season AS season,
    $contribution AS contribution
FROM (
    SELECT
        adsql_key,
        unnest(adsql_rows) AS adsql_row,
        unnest(adsql_series_result.points) AS adsql_result,
        unnest(adsql_series_result.algorithm) AS adsql_algorithm,
        unnest(adsql_series_result.shares) AS adsql_shares,
        unnest(adsql_series_result.later) AS adsql_later,
        adsql_series_result.algorithms AS adsql_algorithms,
        adsql_series_result.season AS adsql_season
    FROM adsql_judged
    WHERE adsql_place = 0
)
WHERE adsql_result.asked
