-- What can be told without labels. They read sources on the caller's search path: see 10_tables.sql.
CREATE OR REPLACE FUNCTION adsql.model_stability(
    source text, algorithm text DEFAULT NULL, columns text[] DEFAULT NULL, params text DEFAULT NULL, seed bigint DEFAULT NULL
)
RETURNS TABLE (
    varied text, metric text, value double precision, lowest double precision, highest double precision
)
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.reports import model_stability
return model_stability(plpy, source, algorithm, columns, params, seed)
$python$;

CREATE OR REPLACE FUNCTION adsql.detector_agreement(
    source text, algorithms text[] DEFAULT NULL, columns text[] DEFAULT NULL, seed bigint DEFAULT NULL
)
RETURNS TABLE (
    algorithm text, other text, rank_correlation double precision, top_overlap double precision,
    flagged_overlap double precision, flagged bigint, flagged_by_other bigint, flagged_by_both bigint
)
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.reports import detector_agreement
return detector_agreement(plpy, source, algorithms, columns, seed)
$python$;
