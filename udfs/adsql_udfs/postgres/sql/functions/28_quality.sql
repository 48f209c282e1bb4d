-- What sources are like: before a model is trained, and beside its training. They read them on the caller's search path: see 10_tables.sql.
CREATE OR REPLACE FUNCTION adsql.profile_data(source text)
RETURNS TABLE (
    column_name text, type text, rows bigint, nulls bigint, null_rate double precision, distinct_values bigint,
    minimum text, q25 text, median text, q75 text, maximum text, outliers bigint, findings text[], suggested_use text,
    reason text
)
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.reports import profile_data
return profile_data(plpy, source)
$python$;

CREATE OR REPLACE FUNCTION adsql.suggest_detectors(source text)
RETURNS TABLE (rank integer, algorithm text, reason text)
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.reports import suggest_detectors
return suggest_detectors(plpy, source)
$python$;

CREATE OR REPLACE FUNCTION adsql.check_drift(model text, source text, version integer DEFAULT NULL)
RETURNS TABLE (
    segment text, feature text, rows bigint, null_rate double precision, expected_null_rate double precision,
    unseen double precision, psi double precision, test text, statistic double precision, p_value double precision,
    verdict text
)
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.reports import check_drift
return check_drift(plpy, model, source, version)
$python$;
