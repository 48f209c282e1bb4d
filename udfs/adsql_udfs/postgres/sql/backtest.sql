-- What causal detection would have told in each period, beside what is known to have happened.
WITH judged AS MATERIALIZED (
    SELECT
        d.series, $at AS ts, d.anomaly_score IS NOT NULL AS judged, COALESCE(d.is_anomaly, false) AS is_anomaly
    FROM (
$detected
    ) AS d (
        series, ts, value, expected_value, lower_bound, upper_bound, anomaly_score, severity, is_anomaly, status,
        algorithm, season, contribution, ts_number
    )
    WHERE $at IS NOT NULL
),
known AS MATERIALIZED (
$incidents
),
numbered AS (
    SELECT
        j.*,
        j.is_anomaly AND NOT pg_catalog.lag(j.is_anomaly, 1, false) OVER (PARTITION BY j.series ORDER BY j.ts) AS begins,
        j.is_anomaly AND EXISTS (
            SELECT 1
            FROM known AS k
            WHERE j.ts OPERATOR(pg_catalog.>=) k.started_at AND j.ts OPERATOR(pg_catalog.<=) k.ended_at AND $same_series
        ) AS is_known
    FROM judged AS j
),
-- Consecutive anomalous points are one alert, which is told at its first point.
runs AS (
    SELECT n.*, pg_catalog.count(*) FILTER (WHERE n.begins) OVER (PARTITION BY n.series ORDER BY n.ts) AS run
    FROM numbered AS n
),
alerts AS (
    SELECT r.series, pg_catalog.min(r.ts) AS ts, pg_catalog.bool_or(r.is_known) AS is_known
    FROM runs AS r
    WHERE r.is_anomaly
    GROUP BY r.series, r.run
),
told AS (
    SELECT j.series, k.started_at, pg_catalog.min(j.ts) FILTER (WHERE j.is_anomaly) AS told_at
    FROM known AS k
    JOIN judged AS j
        ON j.judged AND j.ts OPERATOR(pg_catalog.>=) k.started_at AND j.ts OPERATOR(pg_catalog.<=) k.ended_at
        AND $same_series
    GROUP BY k.number, j.series, k.started_at
),
counted AS (
    SELECT
        j.series, j.ts, 1 AS points, j.judged::pg_catalog.int4 AS judged, j.is_anomaly::pg_catalog.int4 AS anomalies,
        0 AS alerts, 0 AS false_alerts, 0 AS incidents, 0 AS detected, NULL::$distance AS delay
    FROM judged AS j
    UNION ALL
    SELECT a.series, a.ts, 0, 0, 0, 1, (NOT a.is_known)::pg_catalog.int4, 0, 0, NULL
    FROM alerts AS a
    UNION ALL
    SELECT
        t.series, t.started_at, 0, 0, 0, 0, 0, 1, (t.told_at IS NOT NULL)::pg_catalog.int4,
        t.told_at OPERATOR(pg_catalog.-) t.started_at
    FROM told AS t
)
SELECT
    c.series,
    $period_ts,
    pg_catalog.sum(c.points),
    pg_catalog.sum(c.judged),
    pg_catalog.sum(c.anomalies),
    pg_catalog.sum(c.alerts),
    CASE WHEN $labelled THEN pg_catalog.sum(c.incidents) END,
    CASE WHEN $labelled THEN pg_catalog.sum(c.detected) END,
    CASE WHEN $labelled THEN pg_catalog.sum(c.incidents) OPERATOR(pg_catalog.-) pg_catalog.sum(c.detected) END,
    CASE WHEN $labelled THEN pg_catalog.sum(c.false_alerts) END,
    $delay_ts,
    $period_number,
    $delay_number
FROM counted AS c
GROUP BY c.series, $period
