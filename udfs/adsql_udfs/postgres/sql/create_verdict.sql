CREATE OR REPLACE FUNCTION $name($arguments) RETURNS pg_catalog.bool
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN $score($values) OPERATOR(pg_catalog.>) ($threshold)::pg_catalog.float8
