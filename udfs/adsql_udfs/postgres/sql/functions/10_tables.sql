-- Functions over whole sources. They read sources on the caller's search path, and so set none of their own: all names
-- in them, and in the SQL that they run, are qualified.
CREATE OR REPLACE FUNCTION adsql.__plan_detect(source text, shape text, options jsonb) RETURNS text
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.calls import plan_detect
return plan_detect(plpy, source, shape, options)
$python$;

CREATE OR REPLACE FUNCTION adsql.__score_chunk(
    model text, version integer, handle bigint, columns text, n bigint, parts bytea[], alert_cap text,
    OUT anomaly_score text, OUT severity text, OUT is_anomaly text
)
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.calls import score_chunk
return score_chunk(plpy, model, version, handle, columns, n, parts, alert_cap)
$python$;

CREATE OR REPLACE FUNCTION adsql.__alert_groups(columns text, n bigint, parts bytea[]) RETURNS text[]
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.calls import alert_groups
return alert_groups(plpy, columns, n, parts)
$python$;

CREATE OR REPLACE FUNCTION adsql.__rank_all(
    options text, columns text, total bigint, n bigint, parts bytea[],
    OUT anomaly_score text, OUT severity text, OUT is_anomaly text
)
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.calls import rank_all
return rank_all(plpy, options, columns, total, n, parts)
$python$;

CREATE OR REPLACE FUNCTION adsql.detect_anomalies(
    source text,
    algorithm text DEFAULT NULL,
    columns text[] DEFAULT NULL,
    segment_by text[] DEFAULT NULL,
    contamination double precision DEFAULT NULL,
    params text DEFAULT NULL,
    seed bigint DEFAULT NULL,
    model text DEFAULT NULL,
    version integer DEFAULT NULL,
    threshold double precision DEFAULT NULL,
    alert_budget bigint DEFAULT NULL,
    label_column text DEFAULT NULL,
    segment_shrinkage double precision DEFAULT NULL,
    alert_day text DEFAULT NULL
)
RETURNS TABLE ("row" jsonb, anomaly_score double precision, severity double precision, is_anomaly boolean)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
AS $plpgsql$
BEGIN
    RETURN QUERY EXECUTE adsql.__plan_detect(source, 'json', @options@);
END
$plpgsql$;

CREATE OR REPLACE FUNCTION adsql.detect_anomalies(
    source anyelement,
    algorithm text DEFAULT NULL,
    columns text[] DEFAULT NULL,
    segment_by text[] DEFAULT NULL,
    contamination double precision DEFAULT NULL,
    params text DEFAULT NULL,
    seed bigint DEFAULT NULL,
    model text DEFAULT NULL,
    version integer DEFAULT NULL,
    threshold double precision DEFAULT NULL,
    alert_budget bigint DEFAULT NULL,
    label_column text DEFAULT NULL,
    segment_shrinkage double precision DEFAULT NULL,
    alert_day text DEFAULT NULL
)
RETURNS TABLE ("row" anyelement, anomaly_score double precision, severity double precision, is_anomaly boolean)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
AS $plpgsql$
BEGIN
    RETURN QUERY EXECUTE adsql.__plan_detect(pg_catalog.pg_typeof(source)::pg_catalog.text, 'typed', @options@);
END
$plpgsql$;

