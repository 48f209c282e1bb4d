-- Results as ordinary relations. They read sources too: see 10_tables.sql.
CREATE OR REPLACE FUNCTION adsql.create_detection_view(
    view text, source text, model text, version integer DEFAULT NULL
) RETURNS text
LANGUAGE plpython3u VOLATILE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.calls import create_detection_view
return create_detection_view(plpy, view, source, model, version)
$python$;

CREATE OR REPLACE FUNCTION adsql.materialize_anomalies(
    "table" text, source text, model text, version integer DEFAULT NULL
) RETURNS bigint
LANGUAGE plpython3u VOLATILE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.calls import materialize_anomalies
return materialize_anomalies(plpy, table, source, model, version)
$python$;
