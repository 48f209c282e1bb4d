-- How well models do on labelled rows. They read sources on the caller's search path: see 10_tables.sql.
CREATE OR REPLACE FUNCTION adsql.evaluate_model(
    model text, source text, label text, k bigint DEFAULT NULL, version integer DEFAULT NULL
)
RETURNS TABLE (metric text, value double precision, lower double precision, upper double precision)
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.reports import evaluate_model
return evaluate_model(plpy, model, source, label, k, version)
$python$;

CREATE OR REPLACE FUNCTION adsql.compare_models(
    models text[], source text, label text, k bigint DEFAULT NULL, versions integer[] DEFAULT NULL
)
RETURNS TABLE (
    model text, version integer, metric text, value double precision, lower double precision, upper double precision,
    rank integer, p_value double precision
)
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.reports import compare_models
return compare_models(plpy, models, source, label, k, versions)
$python$;

CREATE OR REPLACE FUNCTION adsql.threshold_report(model text, source text, version integer DEFAULT NULL)
RETURNS TABLE (
    segment text, threshold double precision, flagged bigint, share double precision, severity double precision,
    is_current boolean
)
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.reports import threshold_report
return threshold_report(plpy, model, source, version)
$python$;
