-- How far the members of an ensemble agree.
CREATE OR REPLACE FUNCTION adsql.__consensus_of_row(
    model text, data bytea, type oid, names text[], started double precision, snapshot text, role name
) RETURNS adsql.agreement
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.calls import consensus
return consensus(plpy, model, data, type, names, started, snapshot, role)
$python$;

CREATE OR REPLACE FUNCTION adsql.consensus(model text, "row" anyelement) RETURNS adsql.agreement
LANGUAGE sql STABLE PARALLEL UNSAFE
AS $sql$
SELECT adsql.__consensus_of_row($1, @record@)
$sql$;
