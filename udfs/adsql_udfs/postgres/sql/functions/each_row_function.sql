-- The functions of one result: @name@.
CREATE OR REPLACE FUNCTION adsql.__@name@_of_row(
    model text, data bytea, type oid, names text[], started double precision, snapshot text, role name
) RETURNS @type@
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.calls import row_result
return row_result(plpy, "@what@", "row", model, data, type, names, started, snapshot, role)
$python$;

CREATE OR REPLACE FUNCTION adsql.__@name@_of_values(
    model text, "values" double precision[], started double precision, snapshot text, role name
) RETURNS @type@
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.calls import row_result
return row_result(plpy, "@what@", "values", model, values, started, snapshot, role)
$python$;

CREATE OR REPLACE FUNCTION adsql.__@name@_of_json(
    model text, "row" jsonb, started double precision, snapshot text, role name
) RETURNS @type@
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.calls import row_result
return row_result(plpy, "@what@", "json", model, row, started, snapshot, role)
$python$;

CREATE OR REPLACE FUNCTION adsql.@name@(model text, "row" anyelement) RETURNS @type@
LANGUAGE sql STABLE PARALLEL UNSAFE
AS $sql$
SELECT adsql.__@name@_of_row($1, @record@)
$sql$;

CREATE OR REPLACE FUNCTION adsql.@name@(model text, VARIADIC features double precision[]) RETURNS @type@
LANGUAGE sql STABLE PARALLEL UNSAFE
AS $sql$
SELECT adsql.__@name@_of_values($1, $2, @statement@)
$sql$;

CREATE OR REPLACE FUNCTION adsql.@name@(model text, "row" jsonb) RETURNS @type@
LANGUAGE sql STABLE PARALLEL UNSAFE
AS $sql$
SELECT adsql.__@name@_of_json($1, $2, @statement@)
$sql$;
