-- The schemas are those of the caller's search path, before the function proper sets its own.
CREATE OR REPLACE FUNCTION adsql.__compile_model(
    model text, "function" text, version integer, schemas name[]
) RETURNS text
LANGUAGE plpython3u VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $python$
from adsql_udfs.postgres.calls import compile_model
return compile_model(plpy, model, function, version, schemas)
$python$;

CREATE OR REPLACE FUNCTION adsql.compile_model(
    model text, "function" text DEFAULT NULL, version integer DEFAULT NULL
) RETURNS text
LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $sql$
SELECT adsql.__compile_model($1, $2, $3, pg_catalog.current_schemas(false))
$sql$;
