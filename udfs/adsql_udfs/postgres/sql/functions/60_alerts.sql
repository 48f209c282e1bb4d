-- Alerts on write. A trigger on the watched table belongs to the extension: its function runs with the rights of the
-- extension's owner, since those who insert may have none on adsql, and nobody else may attach it to a table. So it
-- must run nothing that a user has written: see `alerts` in Python.
CREATE OR REPLACE FUNCTION adsql.__plan_alert(alert bigint, relation oid) RETURNS text
LANGUAGE plpython3u VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $python$
from adsql_udfs.postgres.calls import plan_alert
return plan_alert(plpy, alert, relation)
$python$;

CREATE OR REPLACE FUNCTION adsql.__find_anomalies(
    handle bigint, threshold double precision, columns text, n bigint, parts bytea[],
    OUT numbers text, OUT anomaly_score text, OUT severity text
)
LANGUAGE plpython3u VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $python$
from adsql_udfs.postgres.calls import find_anomalies
return find_anomalies(plpy, handle, threshold, columns, n, parts)
$python$;

-- In PL/pgSQL rather than Python, so that it stands where the server's Python does not. OTHERS are all errors but a
-- cancel and a timeout, which belong to the statement of whoever inserts.
CREATE OR REPLACE FUNCTION adsql.__alert_trigger() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $plpgsql$
DECLARE
    given CONSTANT bigint := TG_ARGV[0];
    relation CONSTANT text := TG_RELID::regclass;
    alert adsql.alerts;
    plan text;
    found_version integer;
    anomalies bigint;
    written bigint;
    highest double precision;
    told text;
BEGIN
    IF NOT EXISTS (SELECT FROM adsql_new) THEN
        RETURN NULL;
    END IF;
    BEGIN
        SELECT * INTO alert FROM adsql.alerts AS a WHERE a.id = given;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
        plan := adsql.__plan_alert(given, TG_RELID);
        EXECUTE plan INTO found_version, anomalies, written, highest;
        IF anomalies > written THEN
            INSERT INTO adsql.anomaly_events (alert, owner, table_name, model, model_version, left_out)
            VALUES (given, alert.owner, relation, alert.model, found_version, anomalies - written);
        END IF;
        IF anomalies > 0 THEN
            PERFORM pg_notify('adsql_anomalies', jsonb_build_object(
                'alert', given, 'table', relation, 'model', left(alert.model, 200), 'anomalies', anomalies,
                'highest_score', highest
            )::text);
        END IF;
    EXCEPTION WHEN OTHERS THEN
        told := regexp_replace(SQLERRM, '^plpy\.Error: ', '');
        IF NOT starts_with(told, '[ADSQL_') THEN
            told := format('[ADSQL_DATABASE] the inserted rows were not scored: %s (%s)', told, SQLSTATE);
        END IF;
        BEGIN
            INSERT INTO adsql.anomaly_events (alert, owner, table_name, model, error)
            VALUES (given, alert.owner, relation, alert.model, told);
        EXCEPTION WHEN OTHERS THEN
            RAISE WARNING 'alert % on % failed, and its failure could not be logged: %', given, relation, SQLERRM;
        END;
    END;
    RETURN NULL;
END
$plpgsql$;

-- Creates the trigger of an alert, once. Whoever calls it, the alert's owner has asked for it and must have the right.
CREATE OR REPLACE FUNCTION adsql.__install_alert(alert bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $plpgsql$
DECLARE
    asked adsql.alerts;
    relation regclass;
BEGIN
    SELECT * INTO asked FROM adsql.alerts AS a WHERE a.id = alert AND NOT a.installed FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    relation := to_regclass(asked.table_name);
    IF relation IS NULL
        OR NOT has_table_privilege(asked.owner, relation, 'TRIGGER')
        OR NOT has_table_privilege(asked.owner, relation, 'SELECT')
    THEN
        RAISE EXCEPTION 'permission denied for table %', asked.table_name
        USING ERRCODE = '42501', HINT = 'An alert needs the rights TRIGGER and SELECT on the whole table.';
    END IF;
    EXECUTE format(
        'CREATE TRIGGER %I AFTER INSERT ON %s REFERENCING NEW TABLE AS adsql_new '
        'FOR EACH STATEMENT EXECUTE FUNCTION adsql.__alert_trigger(%L)',
        'adsql_alert_' || alert, relation, alert
    );
    UPDATE adsql.alerts AS a SET installed = true WHERE a.id = alert;
END
$plpgsql$;

-- An alert takes its trigger with it, however it is deleted, and also from a table that its owner may not alter.
CREATE OR REPLACE FUNCTION adsql.__alert_deleted() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $plpgsql$
DECLARE
    relation regclass;
BEGIN
    FOR relation IN
        SELECT t.tgrelid FROM pg_trigger AS t
        WHERE t.tgname = 'adsql_alert_' || OLD.id AND t.tgfoid = 'adsql.__alert_trigger()'::regprocedure
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', 'adsql_alert_' || OLD.id, relation);
    END LOOP;
    RETURN NULL;
END
$plpgsql$;

CREATE OR REPLACE TRIGGER alert_deleted AFTER DELETE ON adsql.alerts
FOR EACH ROW EXECUTE FUNCTION adsql.__alert_deleted();

-- It looks the table up on the caller's search path, and so sets none.
CREATE OR REPLACE FUNCTION adsql.alert_on_insert(
    "table" text, model text, threshold double precision DEFAULT NULL
) RETURNS bigint
LANGUAGE plpython3u VOLATILE PARALLEL UNSAFE
AS $python$
from adsql_udfs.postgres.calls import alert_on_insert
return alert_on_insert(plpy, table, model, threshold)
$python$;

CREATE OR REPLACE FUNCTION adsql.drop_alert(id bigint) RETURNS void
LANGUAGE plpython3u VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $python$
from adsql_udfs.postgres.calls import drop_alert
drop_alert(plpy, id)
$python$;

CREATE OR REPLACE FUNCTION adsql.alerts()
RETURNS TABLE (
    id bigint, table_name text, model text, model_owner name, threshold double precision, is_active boolean,
    owner name, created_at timestamptz
)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $sql$
SELECT
    a.id, COALESCE(t.tgrelid::regclass::text, a.table_name), a.model, a.model_owner, a.threshold,
    COALESCE(t.tgenabled <> 'D', false), a.owner, a.created_at
FROM adsql.alerts AS a
LEFT JOIN pg_trigger AS t
ON t.tgname = 'adsql_alert_' || a.id AND t.tgfoid = 'adsql.__alert_trigger()'::regprocedure
ORDER BY a.id
$sql$;
