"""Roles of one session, and of functions: nobody borrows what another role may use."""

from __future__ import annotations

import pytest

from postgres.support import raises, role, value

SCORE = "SELECT count(adsql.anomaly_score('fares', t)) FROM trips AS t"


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


def test_a_member_becomes_the_owner_by_set_role(people, fares):
    people["carol"].execute("SET ROLE alice")
    assert value(people["carol"], "SELECT drop_model('fares')") == [1]


def test_a_later_model_of_the_same_name_is_not_shared(people, fares):
    people["alice"].execute("SELECT share_model('fares', 'bob')")
    people["alice"].execute("SELECT drop_model('fares')")
    people["alice"].execute("SELECT train_model('fares', 'trips', algorithm => 'zscore')")
    with raises("ADSQL_UNKNOWN_MODEL"):
        people["bob"].execute(SCORE)


def test_a_function_with_its_owners_rights_uses_its_owners_models_and_lends_them_to_nobody(people, fares):
    people["alice"].execute("""
        CREATE FUNCTION public.lent() RETURNS double precision LANGUAGE sql SECURITY DEFINER
        AS $$ SELECT adsql.anomaly_score('fares', t) FROM public.trips AS t LIMIT 1 $$
    """)
    assert value(people["bob"], "SELECT lent() > 0") is True
    for forged in (
        "adsql.anomaly_score('fares', t)",
        (
            "adsql.__anomaly_score_of_json('fares', to_jsonb(t), date_part('epoch', statement_timestamp()), "
            "pg_current_snapshot()::text, 'alice')"
        ),
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
            con.execute("SELECT __score_chunk(NULL, NULL, %s, '[]', 1, ARRAY[]::bytea[], NULL)", [handle])


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
