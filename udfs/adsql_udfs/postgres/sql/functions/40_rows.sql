-- Functions over single rows. The SQL functions are inlined by the planner, which it does for none that sets a search
-- path: all names in them are qualified.
-- The names of a row's columns where its type has none of its own: that of a subquery.
CREATE OR REPLACE FUNCTION adsql.__names("row" anyelement) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE
AS $sql$
SELECT pg_catalog.array_agg(names.name)
FROM pg_catalog.json_object_keys(pg_catalog.row_to_json($1)) AS names (name)
$sql$;
