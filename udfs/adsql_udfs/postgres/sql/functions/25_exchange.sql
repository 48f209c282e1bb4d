-- Models on their way from one database to another.
CREATE OR REPLACE FUNCTION adsql.export_model(model text, version integer DEFAULT NULL) RETURNS bytea
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $python$
from adsql_udfs.postgres.calls import export_model
return export_model(plpy, model, version)
$python$;

CREATE OR REPLACE FUNCTION adsql.import_model(
    model text,
    data bytea,
    @stored@
)
LANGUAGE plpython3u VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $python$
from adsql_udfs.postgres.calls import import_model
return import_model(plpy, model, data)
$python$;
