"""Who may call, see, drop and share what; and whose rights a function has."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from postgres.support import raises, role, rows, value

SAFE = {"models", "__names"}  # without Python
# They read the caller's sources, whose names are looked up on the caller's path, or are inlined.
UNPINNED = {
    "detect_anomalies", "anomaly_score", "severity", "is_anomaly", "consensus", "train_model", "update_model",
    "create_detection_view", "materialize_anomalies",
}  # fmt: skip
DEFINERS: set[str] = set()
FUNCTIONS = """
SELECT p.proname, p.oid::regprocedure::text, p.proparallel, p.prosecdef, p.proconfig, p.proargtypes::oid[]::regtype[]::text[]
FROM pg_proc AS p WHERE p.pronamespace = 'adsql'::regnamespace
"""


@pytest.fixture
def people(postgres, database, con):
    """Connections by role: alice and bob may use adsql, carol is a member of alice, dave may not."""
    for name in ("alice", "bob"):
        role(con, name, "adsql_user")
    role(con, "carol", "adsql_user", "alice")
    role(con, "dave")
    connections = {name: postgres.connect(user=name, dbname=database) for name in ("alice", "bob", "carol", "dave")}
    yield connections
    for connection in connections.values():
        connection.close()


@pytest.fixture
def fares(people):
    people["alice"].execute("SELECT train_model('fares', 'trips', algorithm => 'mad')")


SCORE = "SELECT count(adsql.anomaly_score('fares', t)) FROM trips AS t"


def test_a_role_that_may_not_use_adsql_calls_nothing_and_reads_nothing(con, people):
    for name, signature, _, _, _, types in rows(con, FUNCTIONS):
        nulls = ", ".join(f"NULL::{'text' if kind.startswith('any') else kind}" for kind in types)
        with pytest.raises(errors.InsufficientPrivilege):
            people["dave"].execute(f"SELECT adsql.{name}({nulls})")
        assert not value(con, "SELECT has_function_privilege('dave', %s::regprocedure, 'EXECUTE')", [signature])
    for (table,) in rows(
        con, "SELECT relname FROM pg_class WHERE relnamespace = 'adsql'::regnamespace AND relkind IN ('r', 'v', 'S')"
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            people["dave"].execute(f"SELECT * FROM adsql.{table}")


def test_functions_are_no_safer_to_parallel_plans_and_no_more_powerful_than_they_must_be(con):
    found = rows(con, FUNCTIONS)
    assert len(found) > 20
    for name, signature, parallel, definer, settings, _ in found:
        assert (parallel == "s") == (name in SAFE), signature
        assert definer == (name in DEFINERS), signature
        pinned = "search_path=pg_catalog, pg_temp" in (settings or [])
        assert pinned == (name not in UNPINNED and not name.startswith("__")), signature
        assert not value(con, "SELECT has_function_privilege('public', %s::regprocedure, 'EXECUTE')", [signature])


def test_nobody_but_the_owner_and_those_it_is_shared_with_sees_a_model(people, fares):
    assert value(people["alice"], SCORE) == value(people["carol"], SCORE) == 501
    seen = {name: rows(people[name], "SELECT name, owner FROM models()") for name in ("alice", "bob", "carol")}
    assert seen == {"alice": [("fares", "alice")], "bob": [], "carol": [("fares", "alice")]}
    people["alice"].execute("SELECT share_model('fares', 'bob')")
    assert value(people["bob"], SCORE) == 501
    people["alice"].execute("SELECT unshare_model('fares', 'bob')")
    with raises("ADSQL_UNKNOWN_MODEL", "'fares'"):
        people["bob"].execute(SCORE)
    people["alice"].execute("SELECT share_model('fares', 'public')")
    assert value(people["bob"], SCORE) == 501


@pytest.mark.parametrize(
    "call",
    [
        "anomaly_score('{}', t) FROM trips AS t", "* FROM detect_anomalies('trips', model => '{}')",
        "* FROM detect_anomalies('trips', model => '{}', version => 1)", "drop_model('{}')", "drop_model('{}', 1)",
        "share_model('{}', 'bob')", "unshare_model('{}', 'bob')", "* FROM model_info('{}')", "model_sql('{}')",
        "update_model('{}', 'trips')", "create_detection_view('v', 'trips', '{}')",
        "materialize_anomalies('v', 'trips', '{}')",
    ],
)  # fmt: skip
def test_a_hidden_model_and_a_missing_one_are_told_the_same(people, fares, call):
    told = []
    for name in ("fares", "nothing"):
        with pytest.raises(psycopg.Error) as caught:
            people["bob"].execute(f"SELECT {call.format(name)}")
        told.append((caught.value.sqlstate, str(caught.value.diag.message_primary).replace(name, "NAME")))
    assert told[0] == told[1]


@pytest.mark.parametrize("who", ["bob", "carol"])
@pytest.mark.parametrize(
    "call", ["drop_model('fares')", "share_model('fares', 'dave')", "unshare_model('fares', 'bob')"]
)
def test_only_the_owner_drops_and_shares(people, fares, who, call):
    people["alice"].execute("SELECT share_model('fares', 'bob')")
    with raises("ADSQL_UNKNOWN_MODEL", "belongs to 'alice'"):
        people[who].execute(f"SELECT {call}")
    for table in ("models", "model_shares"):
        assert people[who].execute(f"DELETE FROM adsql.{table}").rowcount == 0
    with pytest.raises(errors.InsufficientPrivilege):
        people[who].execute("INSERT INTO adsql.model_shares VALUES ('alice', 'fares', 'dave')")
    assert value(people["bob"], SCORE) == 501


def test_a_member_becomes_the_owner_by_set_role(people, fares):
    people["carol"].execute("SET ROLE alice")
    assert value(people["carol"], "SELECT drop_model('fares')") == [1]


def test_a_later_model_of_the_same_name_is_not_shared(people, fares):
    people["alice"].execute("SELECT share_model('fares', 'bob')")
    people["alice"].execute("SELECT drop_model('fares')")
    people["alice"].execute("SELECT train_model('fares', 'trips', algorithm => 'zscore')")
    with raises("ADSQL_UNKNOWN_MODEL"):
        people["bob"].execute(SCORE)


def test_two_roles_have_models_of_the_same_name(con, people, fares):
    people["bob"].execute("SELECT train_model('fares', 'trips', algorithm => 'zscore')")
    people["bob"].execute("SELECT share_model('fares', 'public')")
    people["alice"].execute("SELECT share_model('fares', 'public')")
    algorithm = "SELECT value FROM model_info('fares') WHERE name = 'algorithm'"
    assert [value(people[name], algorithm) for name in ("alice", "bob")] == ["mad", "zscore"]
    role(con, "erin", "adsql_user")
    con.execute("SET ROLE erin")
    with raises("ADSQL_AMBIGUOUS_MODEL", "shared by alice, bob"):
        con.execute(SCORE)


def test_a_function_with_its_owners_rights_uses_its_owners_models_and_lends_them_to_nobody(people, fares):
    people["alice"].execute("""
        CREATE FUNCTION public.lent() RETURNS double precision LANGUAGE sql SECURITY DEFINER
        AS $$ SELECT adsql.anomaly_score('fares', t) FROM public.trips AS t LIMIT 1 $$
    """)
    assert value(people["bob"], "SELECT lent() > 0") is True
    for forged in (
        "adsql.anomaly_score('fares', t)",
        "adsql.__anomaly_score_of_json('fares', to_jsonb(t), date_part('epoch', statement_timestamp()), 'alice')",
    ):
        with raises("ADSQL_UNKNOWN_MODEL"):
            people["bob"].execute(f"SELECT public.lent(), {forged} FROM trips AS t LIMIT 1")


def test_models_trained_on_the_way_are_not_for_another_role_of_the_session(con, people, fares):
    con.execute("SET ROLE alice")
    con.execute("SELECT count(*) FROM detect_anomalies('SELECT fare FROM trips')")
    con.execute("SELECT count(anomaly_score('fares', t)) FROM trips AS t")
    con.execute("SET ROLE bob")
    for handle in range(1, 20):
        with raises("ADSQL_UNKNOWN_MODEL", str(handle)):
            con.execute("SELECT __score_chunk(NULL, NULL, %s, '[]', 1, ARRAY[]::bytea[])", [handle])


def test_policies_of_the_source_hold(con, people):
    con.execute("ALTER TABLE trips ENABLE ROW LEVEL SECURITY; CREATE POLICY half ON trips USING (id % 2 = 0)")
    assert value(people["bob"], "SELECT count(*) FROM detect_anomalies('trips')") == 251
    assert value(people["bob"], "SELECT (train_model('m', 'trips')).n_rows") == 251
    assert value(people["bob"], "SELECT materialize_anomalies('half_of_them', 'trips', 'm')") == 251


@pytest.mark.parametrize("call", ["* FROM detect_anomalies('secrets')", "train_model('m', 'SELECT * FROM secrets')"])
def test_a_source_without_privileges_gives_the_servers_own_error(con, people, call):
    con.execute("CREATE TABLE secrets AS SELECT * FROM trips")
    with pytest.raises(errors.InsufficientPrivilege, match="permission denied for table secrets"):
        people["bob"].execute(f"SELECT {call}")


def test_a_hostile_search_path_changes_nothing(con, people):
    alice = people["alice"]
    train = "SELECT adsql.train_model('fares', 'SELECT fare, km, kind, started FROM public.trips')"
    score = """
        SELECT ("row" ->> 'id')::pg_catalog.int4, anomaly_score, severity, is_anomaly
        FROM adsql.detect_anomalies('SELECT * FROM public.trips', model => 'fares')
    """
    alice.execute(train)
    before = alice.execute(score).fetchall()
    alice.execute("SELECT adsql.drop_model('fares')")
    con.execute("""
        CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC;
        CREATE TABLE evil.called (what text); GRANT ALL ON evil.called TO PUBLIC;
        CREATE FUNCTION evil.spy(what text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER
        AS $$ BEGIN RAISE EXCEPTION 'called evil.%', what; END $$;
        CREATE FUNCTION evil.minus(bigint, integer) RETURNS bigint LANGUAGE sql AS $$ SELECT evil.spy('-')::bigint $$;
        CREATE OPERATOR evil.- (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = evil.minus);
        CREATE OPERATOR evil./ (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = evil.minus);
        CREATE FUNCTION evil.same(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT evil.spy('=')::boolean $$;
        CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.same);
        CREATE FUNCTION evil.count() RETURNS bigint LANGUAGE sql AS $$ SELECT evil.spy('count')::bigint $$;
        CREATE FUNCTION evil.to_jsonb(anyelement) RETURNS jsonb LANGUAGE sql AS $$ SELECT evil.spy('to_jsonb')::jsonb $$;
        CREATE FUNCTION evil.pg_typeof(anyelement) RETURNS regtype LANGUAGE sql
        AS $$ SELECT evil.spy('pg_typeof')::regtype $$;
        CREATE FUNCTION evil.jsonb_build_object(VARIADIC "any") RETURNS jsonb LANGUAGE internal
        AS 'jsonb_build_object';
        CREATE FUNCTION evil.octet_length(text) RETURNS integer LANGUAGE sql AS $$ SELECT evil.spy('length')::integer $$;
        CREATE TYPE evil.float8 AS ENUM ('evil'); CREATE TYPE evil.text AS ENUM ('evil');
        CREATE TABLE evil.models (owner name, name text); CREATE TABLE evil.pg_class (relname name);
    """)
    alice.execute("CREATE TEMP TABLE models (name text); CREATE TEMP TABLE pg_class (relname name)")
    alice.execute("SET search_path = evil, pg_temp, public, pg_catalog")
    alice.execute(train)
    assert alice.execute(score).fetchall() == before
    assert alice.execute("SELECT name FROM adsql.models()").fetchall() == [("fares",)]
    found = alice.execute(
        "SELECT pg_catalog.count(*) FROM public.trips AS t WHERE adsql.anomaly_score('fares', t) OPERATOR(pg_catalog.>) 0"
    )
    assert found.fetchone() == (501,)
