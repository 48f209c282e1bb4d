-- Functions that train, store and drop models. They read sources too: see 10_tables.sql.
CREATE OR REPLACE FUNCTION adsql.__train(
    model text, source text, options jsonb,
    @stored@
)
LANGUAGE plpython3u VOLATILE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.calls import train_model
return train_model(plpy, model, source, options)
$python$;

CREATE OR REPLACE FUNCTION adsql.train_model(
    model text,
    source text,
    algorithm text DEFAULT NULL,
    columns text[] DEFAULT NULL,
    segment_by text[] DEFAULT NULL,
    contamination double precision DEFAULT NULL,
    params text DEFAULT NULL,
    seed bigint DEFAULT NULL,
    threshold double precision DEFAULT NULL,
    alert_budget bigint DEFAULT NULL,
    label_column text DEFAULT NULL,
    segment_shrinkage double precision DEFAULT NULL,
    alert_day text DEFAULT NULL,
    @stored@
)
LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $sql$
SELECT * FROM adsql.__train($1, $2, @training_options@)
$sql$;

CREATE OR REPLACE FUNCTION adsql.update_model(
    model text,
    source text,
    seed bigint DEFAULT NULL,
    @stored@
)
LANGUAGE plpython3u VOLATILE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.calls import update_model
return update_model(plpy, model, source, seed)
$python$;

CREATE OR REPLACE FUNCTION adsql.drop_model(model text, version integer DEFAULT NULL) RETURNS integer[]
LANGUAGE plpython3u VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $python$
from adsql_udfs.postgres.calls import drop_model
return drop_model(plpy, model, version)
$python$;

CREATE OR REPLACE FUNCTION adsql.models()
RETURNS TABLE (
    name text, version integer, is_newest boolean, algorithm text, n_rows bigint, n_features integer,
    threshold double precision, threshold_policy text, segment_by text[], n_segments integer, source text,
    created_at timestamptz, content_hash text, owner name
)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $sql$
SELECT
    m.name, m.version, m.version = max(m.version) OVER (PARTITION BY m.owner, m.name), m.algorithm, m.n_rows,
    m.n_features, m.threshold, m.threshold_policy, m.segment_by, m.n_segments, m.source, m.created_at,
    m.content_hash, m.owner
FROM adsql.models AS m
ORDER BY m.name, m.version, m.owner
$sql$;

CREATE OR REPLACE FUNCTION adsql.model_info(model text, version integer DEFAULT NULL)
RETURNS TABLE (section text, name text, value text, segment text)
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $python$
from adsql_udfs.postgres.calls import model_info
return model_info(plpy, model, version)
$python$;

CREATE OR REPLACE FUNCTION adsql.model_sql(
    model text, dialect text DEFAULT NULL, source text DEFAULT NULL, version integer DEFAULT NULL
) RETURNS text
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $python$
from adsql_udfs.postgres.calls import model_sql
return model_sql(plpy, model, dialect, source, version)
$python$;

CREATE OR REPLACE FUNCTION adsql.detectors()
RETURNS TABLE (
    algorithm text, summary text, capability text, score text, cost text, parameters text, aliases text[],
    reference text[], incremental boolean, explainable boolean, exportable boolean, max_rows bigint
)
LANGUAGE plpython3u STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $python$
from adsql_udfs.postgres.calls import detectors
return detectors(plpy)
$python$;

CREATE OR REPLACE FUNCTION adsql.share_model(model text, role name) RETURNS void
LANGUAGE plpython3u VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $python$
from adsql_udfs.postgres.calls import share_model
share_model(plpy, model, role)
$python$;

CREATE OR REPLACE FUNCTION adsql.unshare_model(model text, role name) RETURNS void
LANGUAGE plpython3u VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $python$
from adsql_udfs.postgres.calls import unshare_model
unshare_model(plpy, model, role)
$python$;
