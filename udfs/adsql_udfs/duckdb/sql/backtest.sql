-- What causal detection would have told in each period, beside what is known to have happened.
WITH adsql_judged AS MATERIALIZED (
SELECT series, ts, anomaly_score IS NOT NULL AS judged, coalesce(is_anomaly, false) AS is_anomaly
FROM (
$detected
)
WHERE ts IS NOT NULL
),
adsql_known AS MATERIALIZED (
$incidents
),
adsql_numbered AS (
SELECT
    *,
    is_anomaly AND NOT lag(is_anomaly, 1, false) OVER (PARTITION BY series ORDER BY ts) AS begins,
    is_anomaly AND EXISTS (
        SELECT 1 FROM adsql_known WHERE adsql_judged.ts BETWEEN started_at AND ended_at$same_series
    ) AS is_known
FROM adsql_judged
),
-- Consecutive anomalous points are one alert, which is told at its first point.
adsql_runs AS (
SELECT *, count(*) FILTER (begins) OVER (PARTITION BY series ORDER BY ts) AS run
FROM adsql_numbered
),
adsql_alerts AS (
SELECT series, min(ts) AS ts, bool_or(is_known) AS is_known
FROM adsql_runs
WHERE is_anomaly
GROUP BY series, run
),
adsql_told AS (
SELECT
    adsql_known.number,
    adsql_judged.series,
    adsql_known.started_at,
    min(adsql_judged.ts) FILTER (adsql_judged.is_anomaly) AS told_at
FROM adsql_known
JOIN adsql_judged
    ON adsql_judged.judged AND adsql_judged.ts BETWEEN adsql_known.started_at AND adsql_known.ended_at$same_series
GROUP BY ALL
),
adsql_counted AS (
SELECT
    series, ts, 1 AS points, judged::INTEGER AS judged, is_anomaly::INTEGER AS anomalies, 0 AS alerts,
    0 AS false_alerts, 0 AS incidents, 0 AS detected, NULL AS delay
FROM adsql_judged
UNION ALL
SELECT series, ts, 0, 0, 0, 1, (NOT is_known)::INTEGER, 0, 0, NULL FROM adsql_alerts
UNION ALL
SELECT series, started_at, 0, 0, 0, 0, 0, 1, (told_at IS NOT NULL)::INTEGER, told_at - started_at FROM adsql_told
)
SELECT
    series,
    $period AS period,
    sum(points)::BIGINT AS points,
    sum(judged)::BIGINT AS judged,
    sum(anomalies)::BIGINT AS anomalies,
    sum(alerts)::BIGINT AS alerts,
    $labels
FROM adsql_counted
GROUP BY ALL
