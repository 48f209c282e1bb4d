-- Series: whole ones, each a group of rows.
CREATE OR REPLACE FUNCTION adsql.__plan_series(
    source text, time_column text, value_columns text[], series text[], options jsonb
) RETURNS text
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.reports import plan_series
return plan_series(plpy, source, time_column, value_columns, series, options)
$python$;

CREATE OR REPLACE FUNCTION adsql.__judge_series(
    options text, columns text, n bigint, parts bytea[], holidays text,
    OUT value text, OUT expected text, OUT lower text, OUT upper text, OUT score text, OUT severity text,
    OUT is_anomaly text, OUT status text, OUT asked text, OUT algorithm text, OUT algorithms text[], OUT season integer[],
    OUT contributions text[], OUT later text[]
)
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.reports import judge_series
return judge_series(plpy, options, columns, n, parts, holidays)
$python$;

CREATE OR REPLACE FUNCTION adsql.__detect_series(
    source text, time_column text, value_columns text[], series_columns text[], options jsonb
)
RETURNS TABLE (
    series text, ts timestamptz, value double precision, expected_value double precision,
    lower_bound double precision, upper_bound double precision, anomaly_score double precision,
    severity double precision, is_anomaly boolean, status text, algorithm text, season integer[],
    contribution jsonb, ts_number bigint
)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
AS $plpgsql$
BEGIN
    RETURN QUERY EXECUTE adsql.__plan_series(source, time_column, value_columns, series_columns, options);
END
$plpgsql$;

-- In SQL, since `series`, `algorithm` and `season` are both arguments and columns of the result, which PL/pgSQL does not
-- take.
CREATE OR REPLACE FUNCTION adsql.detect_series_anomalies(
    source text,
    time_column text,
    value_columns text[],
    series text[] DEFAULT NULL,
    algorithm text DEFAULT NULL,
    season integer[] DEFAULT NULL,
    sensitivity double precision DEFAULT NULL,
    contamination double precision DEFAULT NULL,
    alert_budget bigint DEFAULT NULL,
    direction text DEFAULT NULL,
    min_deviation double precision DEFAULT NULL,
    exclude text DEFAULT NULL,
    holidays text DEFAULT NULL,
    covariates text[] DEFAULT NULL,
    only_last_n bigint DEFAULT NULL,
    mode text DEFAULT NULL,
    params text DEFAULT NULL,
    seed bigint DEFAULT NULL,
    horizon bigint DEFAULT NULL
)
RETURNS TABLE (
    series text, ts timestamptz, value double precision, expected_value double precision,
    lower_bound double precision, upper_bound double precision, anomaly_score double precision,
    severity double precision, is_anomaly boolean, status text, algorithm text, season integer[],
    contribution jsonb, ts_number bigint
)
LANGUAGE sql STABLE PARALLEL UNSAFE
AS $sql$
SELECT d.series, d.ts, d.value, d.expected_value, d.lower_bound, d.upper_bound, d.anomaly_score, d.severity,
    d.is_anomaly, d.status, d.algorithm, d.season, d.contribution, d.ts_number
FROM adsql.__detect_series($1, $2, $3, $4, pg_catalog.jsonb_build_object(
    'algorithm', $5, 'season', $6, 'sensitivity', $7, 'contamination', $8, 'alert_budget', $9, 'direction', $10,
    'min_deviation', $11, 'exclude', $12, 'holidays', $13, 'covariates', $14, 'only_last_n', $15, 'mode', $16,
    'params', $17, 'seed', $18, 'horizon', $19
)) AS d
$sql$;

CREATE OR REPLACE FUNCTION adsql.__plan_incidents(source text, max_gap bigint) RETURNS text
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.reports import plan_incidents
return plan_incidents(plpy, source, max_gap)
$python$;

CREATE OR REPLACE FUNCTION adsql.anomaly_incidents(source text, max_gap bigint DEFAULT NULL)
RETURNS TABLE (
    series text, incident bigint, started_at timestamptz, ended_at timestamptz, peak_at timestamptz,
    peak_value double precision, expected_value double precision, anomaly_score double precision,
    severity double precision, points bigint
)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
AS $plpgsql$
BEGIN
    RETURN QUERY EXECUTE adsql.__plan_incidents(source, max_gap);
END
$plpgsql$;
