-- Why anomalies are anomalies, and where they come from. They read sources on the caller's search path: see 10_tables.sql.
CREATE OR REPLACE FUNCTION adsql.explain_anomalies(
    source text, model text, top_k bigint DEFAULT 3, key text DEFAULT NULL, version integer DEFAULT NULL
)
RETURNS TABLE (
    row_number bigint, row_key text, anomaly_score double precision, feature text, value text, expected text,
    contribution double precision, rank integer, reason text
)
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.reports import explain_anomalies
return explain_anomalies(plpy, source, model, top_k, key, version)
$python$;

CREATE OR REPLACE FUNCTION adsql.contrast_anomalies(source text, flag text, dimensions text[])
RETURNS TABLE (
    segment text, rows bigint, anomalies bigint, support double precision, lift double precision,
    p_value double precision
)
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.reports import contrast_anomalies
return contrast_anomalies(plpy, source, flag, dimensions)
$python$;
