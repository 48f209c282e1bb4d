
-- JSON as text: what a client binds is text or of no type at all, which would fit a row as well as jsonb.
CREATE OR REPLACE FUNCTION adsql.@name@(model text, "row" text) RETURNS @type@
LANGUAGE sql STABLE PARALLEL UNSAFE
AS $sql$
SELECT adsql.__@name@_of_json($1, $2::pg_catalog.jsonb, @statement@)
$sql$;
