-- Verdicts on rows. What learns from them reads sources on the caller's search path: see 10_tables.sql.
CREATE OR REPLACE FUNCTION adsql.__give_feedback(model text, "row" jsonb, verdict text, key text, note text)
RETURNS text
LANGUAGE plpython3u VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $python$
from adsql_udfs.postgres.reports import give_feedback
return give_feedback(plpy, model, row, verdict, key, note)
$python$;

CREATE OR REPLACE FUNCTION adsql.give_feedback(
    model text, "row" anyelement, verdict text, key text DEFAULT NULL, note text DEFAULT NULL
) RETURNS text
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $sql$
SELECT adsql.__give_feedback($1, pg_catalog.to_jsonb($2), $3, $4, $5)
$sql$;

-- JSON as text: what a client binds is text or of no type at all, which would fit a row as well as jsonb.
CREATE OR REPLACE FUNCTION adsql.give_feedback(
    model text, "row" text, verdict text, key text DEFAULT NULL, note text DEFAULT NULL
) RETURNS text
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $sql$
SELECT adsql.__give_feedback($1, $2::pg_catalog.jsonb, $3, $4, $5)
$sql$;

CREATE OR REPLACE FUNCTION adsql.preview_feedback(model text, source text, version integer DEFAULT NULL)
RETURNS TABLE (metric text, before double precision, after double precision)
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.reports import preview_feedback
return preview_feedback(plpy, model, source, version)
$python$;

CREATE OR REPLACE FUNCTION adsql.apply_feedback(
    model text,
    source text,
    version integer DEFAULT NULL,
    @stored@
)
LANGUAGE plpython3u VOLATILE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.reports import apply_feedback
return apply_feedback(plpy, model, source, version)
$python$;
