-- Change points of series.
CREATE OR REPLACE FUNCTION adsql.__plan_changes(
    source text, time_column text, value_column text, series text[], options jsonb
) RETURNS text
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.series_reports import plan_changes
return plan_changes(plpy, source, time_column, value_column, series, options)
$python$;

CREATE OR REPLACE FUNCTION adsql.__change_points(
    options text, columns text, n bigint, parts bytea[],
    OUT place text, OUT kind text, OUT before text, OUT after text, OUT score text, OUT confidence text
)
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.series_reports import change_points
return change_points(plpy, options, columns, n, parts)
$python$;

CREATE OR REPLACE FUNCTION adsql.__detect_changes(
    source text, time_column text, value_column text, series_columns text[], options jsonb
)
RETURNS TABLE (
    series text, ts timestamptz, kind text, before double precision, after double precision, score double precision,
    confidence double precision, ts_number bigint
)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
AS $plpgsql$
BEGIN
    RETURN QUERY EXECUTE adsql.__plan_changes(source, time_column, value_column, series_columns, options);
END
$plpgsql$;

-- In SQL, since `series` and `kind` are both arguments and columns of the result, which PL/pgSQL does not take.
CREATE OR REPLACE FUNCTION adsql.detect_change_points(
    source text,
    time_column text,
    value_column text,
    series text[] DEFAULT NULL,
    kind text DEFAULT NULL,
    season integer[] DEFAULT NULL,
    sensitivity double precision DEFAULT NULL,
    exclude text DEFAULT NULL
)
RETURNS TABLE (
    series text, ts timestamptz, kind text, before double precision, after double precision, score double precision,
    confidence double precision, ts_number bigint
)
LANGUAGE sql STABLE PARALLEL UNSAFE
AS $sql$
SELECT d.series, d.ts, d.kind, d.before, d.after, d.score, d.confidence, d.ts_number
FROM adsql.__detect_changes($1, $2, $3, $4, pg_catalog.jsonb_build_object(
    'kind', $5, 'season', $6, 'sensitivity', $7, 'exclude', $8
)) AS d
$sql$;
