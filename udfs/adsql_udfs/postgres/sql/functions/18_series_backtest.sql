-- What causal detection would have told.
CREATE OR REPLACE FUNCTION adsql.__plan_backtest(
    source text, time_column text, value_columns text[], series text[], step text, incidents text, options jsonb
) RETURNS text
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.series_reports import plan_backtest
return plan_backtest(plpy, source, time_column, value_columns, series, step, incidents, options)
$python$;

CREATE OR REPLACE FUNCTION adsql.__backtest(
    source text, time_column text, value_columns text[], series_columns text[], step text, known text, options jsonb
)
RETURNS TABLE (
    series text, period timestamptz, points bigint, judged bigint, anomalies bigint, alerts bigint, incidents bigint,
    detected bigint, missed bigint, false_alerts bigint, delay interval, period_number bigint,
    delay_number double precision
)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
AS $plpgsql$
BEGIN
    RETURN QUERY EXECUTE adsql.__plan_backtest(source, time_column, value_columns, series_columns, step, known, options);
END
$plpgsql$;

-- In SQL, since `series` and `incidents` are both arguments and columns of the result, which PL/pgSQL does not take.
CREATE OR REPLACE FUNCTION adsql.backtest_series(
    source text,
    time_column text,
    value_columns text[],
    series text[] DEFAULT NULL,
    step text DEFAULT NULL,
    incidents text DEFAULT NULL,
    algorithm text DEFAULT NULL,
    season integer[] DEFAULT NULL,
    sensitivity double precision DEFAULT NULL,
    direction text DEFAULT NULL,
    min_deviation double precision DEFAULT NULL,
    holidays text DEFAULT NULL,
    covariates text[] DEFAULT NULL,
    params text DEFAULT NULL,
    seed bigint DEFAULT NULL
)
RETURNS TABLE (
    series text, period timestamptz, points bigint, judged bigint, anomalies bigint, alerts bigint, incidents bigint,
    detected bigint, missed bigint, false_alerts bigint, delay interval, period_number bigint,
    delay_number double precision
)
LANGUAGE sql STABLE PARALLEL UNSAFE
AS $sql$
SELECT b.series, b.period, b.points, b.judged, b.anomalies, b.alerts, b.incidents, b.detected, b.missed, b.false_alerts,
    b.delay, b.period_number, b.delay_number
FROM adsql.__backtest($1, $2, $3, $4, $5, $6, pg_catalog.jsonb_build_object(
    'algorithm', $7, 'season', $8, 'sensitivity', $9, 'direction', $10, 'min_deviation', $11, 'holidays', $12, 'covariates', $13,
    'params', $14, 'seed', $15
)) AS b
$sql$;
