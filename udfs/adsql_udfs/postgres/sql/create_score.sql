-- Parsed here and now, and stored so: what its operators are depends on no search path any more.
CREATE OR REPLACE FUNCTION $name($arguments) RETURNS pg_catalog.float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN
$score
