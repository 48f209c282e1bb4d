-- Models of series: what is kept of each, to judge later points.
CREATE OR REPLACE FUNCTION adsql.__keep_series(
    options text, columns text, n bigint, parts bytea[], holidays text
) RETURNS bytea
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.series_reports import keep_series
return keep_series(plpy, options, columns, n, parts, holidays)
$python$;

CREATE OR REPLACE FUNCTION adsql.__train_series(
    model text, source text, time_column text, value_columns text[], series text[], options jsonb,
    @stored@
)
LANGUAGE plpython3u VOLATILE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.series_reports import train_series
return train_series(plpy, model, source, time_column, value_columns, series, options)
$python$;

CREATE OR REPLACE FUNCTION adsql.train_series_model(
    model text,
    source text,
    time_column text,
    value_columns text[],
    series text[] DEFAULT NULL,
    algorithm text DEFAULT NULL,
    season integer[] DEFAULT NULL,
    sensitivity double precision DEFAULT NULL,
    direction text DEFAULT NULL,
    min_deviation double precision DEFAULT NULL,
    exclude text DEFAULT NULL,
    holidays text DEFAULT NULL,
    params text DEFAULT NULL,
    seed bigint DEFAULT NULL,
    @stored@
)
LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $sql$
SELECT * FROM adsql.__train_series($1, $2, $3, $4, $5, pg_catalog.jsonb_build_object(
    'algorithm', $6, 'season', $7, 'sensitivity', $8, 'direction', $9, 'min_deviation', $10, 'exclude', $11,
    'holidays', $12, 'params', $13, 'seed', $14
))
$sql$;

CREATE OR REPLACE FUNCTION adsql.__plan_score_series(model text, source text, version integer) RETURNS text
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.series_reports import plan_score_series
return plan_score_series(plpy, model, source, version)
$python$;

CREATE OR REPLACE FUNCTION adsql.__score_series(
    model text, version integer, columns text, n bigint, parts bytea[],
    OUT value text, OUT expected text, OUT lower text, OUT upper text, OUT score text, OUT severity text,
    OUT is_anomaly text, OUT status text, OUT asked text
)
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.series_reports import score_series
return score_series(plpy, model, version, columns, n, parts)
$python$;

CREATE OR REPLACE FUNCTION adsql.score_series(model text, source text, version integer DEFAULT NULL)
RETURNS TABLE (
    series text, ts timestamptz, value double precision, expected_value double precision,
    lower_bound double precision, upper_bound double precision, anomaly_score double precision,
    severity double precision, is_anomaly boolean, status text, ts_number bigint
)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
AS $plpgsql$
BEGIN
    RETURN QUERY EXECUTE adsql.__plan_score_series(model, source, version);
END
$plpgsql$;
