"""Alerts of roles with few rights: whose model, whose table, whose events, and that nobody's code runs as another."""

from __future__ import annotations

import psycopg
import pytest

from adsql_udfs.quoting import identifier
from postgres.support import raises, rows, value

INJECTING = ("x\" || trap('calm'::mood) || \"", "y') FROM pg_roles; SELECT trap('calm'::mood); --")
# Types and a table whose casts, checks and operators tell who runs them.
TRAP = """
CREATE TABLE trapped (role name);
CREATE FUNCTION told() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN INSERT INTO @schema@.trapped VALUES (current_user); RETURN true; END $$;
CREATE TYPE mood AS ENUM ('calm', 'cross');
CREATE FUNCTION trap(mood) RETURNS text LANGUAGE plpgsql AS $$
BEGIN PERFORM @schema@.told(); RETURN pg_catalog.enum_out($1); END $$;
CREATE FUNCTION trap_json(mood) RETURNS json LANGUAGE plpgsql AS $$
BEGIN PERFORM @schema@.told(); RETURN '"trapped"'; END $$;
CREATE FUNCTION trap_equal(bigint, integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN PERFORM @schema@.told(); RETURN true; END $$;
CREATE OPERATOR = (FUNCTION = trap_equal, LEFTARG = bigint, RIGHTARG = integer);
CREATE CAST (mood AS text) WITH FUNCTION trap(mood) AS IMPLICIT;
CREATE CAST (mood AS json) WITH FUNCTION trap_json(mood) AS IMPLICIT;
CREATE DOMAIN temper AS mood CHECK (@schema@.told());
CREATE DOMAIN amount AS double precision CHECK (@schema@.told());
CREATE TYPE pair AS (m mood, t temper);
CREATE TABLE readings (x amount, m mood, t temper, p pair, ms mood[], @first@ mood, @second@ double precision);
"""


class Roles:
    """Makes roles and connections of theirs; `database` keeps their names apart from other tests'."""

    def __init__(self, postgres, con, database):
        self._postgres, self._con, self._database = postgres, con, database
        self.names = []

    def add(self, name, *, member=True):
        role = f"{self._database}_{name}"
        self._con.execute(f"CREATE ROLE {role} LOGIN")
        self._con.execute(f"CREATE SCHEMA AUTHORIZATION {role}; GRANT USAGE ON SCHEMA {role} TO PUBLIC")
        if member:
            self._con.execute(f"GRANT adsql_user TO {role}")
        self.names.append(role)
        return self._postgres.connect(role, self._database)

    def run(self, name, *statements):
        """Run statements as a role in the session that the tests share, which has loaded Python."""
        self._con.execute(
            f'SET SESSION AUTHORIZATION {self._database}_{name}; SET search_path = "$user", public, adsql'
        )
        try:
            for statement in statements:
                self._con.execute(statement)
        finally:
            self._con.execute("RESET SESSION AUTHORIZATION; RESET search_path")


@pytest.fixture
def roles(postgres, con, database):
    made = Roles(postgres, con, database)
    con.execute(
        "CREATE TABLE public.numbers AS SELECT (i * 37 % 11)::float8 AS x, i AS n FROM generate_series(1, 400) AS i"
    )
    con.execute("GRANT SELECT ON public.numbers TO PUBLIC")
    yield made
    for role in made.names:
        con.execute(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")


@pytest.fixture
def alice(roles):
    """A connection of a role with a model and a watched table, into which everybody may insert."""
    with roles.add("alice") as connection:
        roles.run(
            "alice",
            "SELECT train_model('m', 'public.numbers')",
            "CREATE TABLE readings AS TABLE public.numbers; GRANT INSERT ON readings TO PUBLIC",
            "SELECT alert_on_insert('readings', 'm')",
        )
        yield connection


def user(connection):
    return value(connection, "SELECT current_user")


def strange(owner):
    return f"INSERT INTO {user(owner)}.readings VALUES (1e9, 100000)"


def log(connection):
    return rows(connection, "SELECT (row ->> 'x')::float8, error FROM adsql.anomaly_events ORDER BY id")


def test_an_insert_of_a_role_without_any_right_on_adsql_is_logged_for_the_owner(alice, roles):
    with roles.add("sensor", member=False) as sensor:
        sensor.execute(strange(alice))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            log(sensor)
    assert log(alice) == [(1e9, None)]


def test_events_are_seen_and_deleted_by_their_owner_alone(alice, roles):
    alice.execute(strange(alice))
    with roles.add("bob") as bob:
        assert log(bob) == []
        assert rows(bob, "SELECT * FROM alerts()") == []
        assert bob.execute("DELETE FROM adsql.anomaly_events").rowcount == 0
        assert bob.execute("DELETE FROM adsql.alerts").rowcount == 0
        with raises("ADSQL_INVALID_OPTION", "does not exist"):
            bob.execute("SELECT drop_alert(1)")
    assert alice.execute("DELETE FROM adsql.anomaly_events").rowcount == 1
    assert rows(alice, "SELECT is_active FROM alerts()") == [(True,)]


def test_a_member_of_the_owning_role_sees_its_events(alice, con, roles):
    alice.execute(strange(alice))
    with roles.add("bob") as bob:
        con.execute(f"GRANT {user(alice)} TO {user(bob)}")
        assert log(bob) == [(1e9, None)]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO adsql.anomaly_events (alert, owner, table_name, model) VALUES (1, 'x', 't', 'm')",
        "UPDATE adsql.anomaly_events SET error = 'x'",
        "UPDATE adsql.alerts SET threshold = 0",
        "INSERT INTO adsql.alerts (owner, table_name, model_owner, model) VALUES ('x', 't', 'x', 'm')",
        "INSERT INTO adsql.alerts (installed, table_name, model_owner, model) VALUES (true, 't', 'x', 'm')",
        "SELECT adsql.__plan_alert(1, 'public.numbers'::regclass)",
        "SELECT adsql.__find_anomalies(1, 0, '[]', 0, NULL)",
        """CREATE TABLE own (x float8); CREATE TRIGGER t AFTER INSERT ON own REFERENCING NEW TABLE AS adsql_new
        FOR EACH STATEMENT EXECUTE FUNCTION adsql.__alert_trigger('1')""",
    ],
)
def test_what_belongs_to_the_trigger_is_not_for_users(alice, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        alice.execute(statement)


def test_a_table_of_another_role_needs_its_permission(alice, con, roles):
    table = f"{user(alice)}.readings"
    with roles.add("bob") as bob:
        bob.execute("SELECT train_model('m', 'public.numbers')")
        call = f"SELECT alert_on_insert('{table}', 'm')"
        for right in ("SELECT", "TRIGGER"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for table"):
                bob.execute(call)
            alice.execute(f"GRANT {right} ON readings TO {user(bob)}")
        bob.execute(call)
        alice.execute(strange(alice))
        assert log(bob) == log(alice) == [(1e9, None)]
        alice.execute(f"REVOKE SELECT ON readings FROM {user(bob)}")
        alice.execute(strange(alice))
        assert log(bob)[1][1].startswith(f"[ADSQL_INVALID_SOURCE] table {table} may no longer be read by '{user(bob)}'")
        # Only an owner may drop a trigger; an alert can be dropped all the same.
        bob.execute("SELECT drop_alert(id) FROM alerts()")
    assert value(con, f"SELECT count(*) FROM pg_trigger WHERE tgrelid = '{table}'::regclass") == 1


def test_an_alert_written_by_hand_gives_no_right_to_a_table(alice, roles):
    with roles.add("bob") as bob:
        bob.execute("SELECT train_model('m', 'public.numbers')")
        by_hand = (
            "INSERT INTO adsql.alerts (table_name, model_owner, model) VALUES (%s, current_user, 'm') RETURNING id"
        )
        own = value(bob, by_hand, [f"{user(alice)}.readings"])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            bob.execute("SELECT adsql.__install_alert(%s)", [own])
        alice.execute(strange(alice))
        assert log(bob) == []


def test_an_alert_written_by_hand_gives_no_right_to_a_model(alice, roles):
    with roles.add("bob") as bob:
        bob.execute("CREATE TABLE readings AS TABLE public.numbers")
        by_hand = "INSERT INTO adsql.alerts (table_name, model_owner, model) VALUES ('readings', %s, 'm') RETURNING id"
        own = value(bob, by_hand.replace("'readings'", f"'{user(bob)}.readings'"), [user(alice)])
        bob.execute("SELECT adsql.__install_alert(%s)", [own])
        bob.execute(strange(bob))
        [(row, error)] = log(bob)
    assert row is None
    assert error.startswith("[ADSQL_UNKNOWN_MODEL]")


@pytest.mark.parametrize("with_whom", ["bob", "public", "a group"])
def test_a_shared_model_scores_until_the_share_is_taken_back(alice, con, roles, with_whom):
    with roles.add("bob") as bob:
        grantee = {"bob": user(bob), "public": "public"}.get(with_whom)
        if grantee is None:
            with roles.add("group") as group:
                grantee = user(group)
            con.execute(f"GRANT {grantee} TO {user(bob)}")
        alice.execute("SELECT share_model('m', %s)", [grantee])
        bob.execute("CREATE TABLE readings AS TABLE public.numbers")
        bob.execute("SELECT alert_on_insert('readings', 'm')")
        bob.execute(strange(bob))
        alice.execute("SELECT unshare_model('m', %s)", [grantee])
        bob.execute(strange(bob))
        (found, failed) = log(bob)
    assert found == (1e9, None)
    assert failed[1].startswith("[ADSQL_UNKNOWN_MODEL] model 'm' was dropped, or is no longer shared with")


def test_an_owner_who_may_no_longer_use_adsql_gets_no_scores(alice, con):
    con.execute(f"REVOKE adsql_user FROM {user(alice)}")
    con.execute(strange(alice))
    [(row, error)] = rows(con, "SELECT row, error FROM adsql.anomaly_events")
    assert row is None
    assert error.startswith("[ADSQL_INVALID_SOURCE]")


def test_a_model_that_an_alert_brought_into_memory_is_not_for_whoever_inserts(alice, roles):
    with roles.add("bob") as bob:
        bob.execute(strange(alice))
        columns = '[["x", "double precision", "float"], ["n", "integer", "whole"]]'
        parts = "ARRAY[float8send(1), int8send(1), boolsend(false)]"
        for handle in range(1, 10):
            with raises("ADSQL_UNKNOWN_MODEL", f"no model has the handle {handle}"):
                bob.execute(f"SELECT adsql.__score_chunk(NULL, NULL, {handle}, '{columns}', 1, {parts}, NULL)")


def test_no_code_of_the_tables_owner_runs_as_the_extensions_owner(con, roles):
    with roles.add("mallory") as mallory:
        trap = TRAP.replace("@schema@", user(mallory))
        mallory.execute(trap.replace("@first@", identifier(INJECTING[0])).replace("@second@", identifier(INJECTING[1])))
        values = "'calm', 'calm', ROW('calm', 'calm')::pair, '{calm}'::mood[], 'calm'"
        mallory.execute(f"INSERT INTO readings SELECT i % 9, {values}, i % 7 FROM generate_series(1, 200) AS i")
        mallory.execute(
            f"INSERT INTO readings SELECT i % 9, {values.replace('calm', 'cross')}, i % 7 FROM generate_series(1, 200) AS i"
        )
        mallory.execute("TRUNCATE trapped; SELECT m::text, to_json(m) FROM readings LIMIT 1")
        assert value(mallory, "SELECT count(*) FROM trapped") == 2  # the trap works
        used = ["x", "m", "t", *INJECTING]
        mallory.execute("SELECT train_model('m', 'readings', columns => %s)", [used])
        mallory.execute("SELECT alert_on_insert('readings', 'm', threshold => -1e300)")
        mallory.execute("CREATE TEMPORARY VIEW adsql_new AS SELECT trap('calm'::mood) AS x")
        mallory.execute("TRUNCATE trapped")
        mallory.execute(f"INSERT INTO readings VALUES (1e9, {values}, 5)")
        # The checks of the domains run as whoever inserts, before any trigger.
        assert rows(mallory, "SELECT DISTINCT role FROM trapped") == [(user(mallory),)]
        [(row, error)] = rows(mallory, "SELECT row, error FROM adsql.anomaly_events")
    assert error is None
    shown = {"x": 1e9, "m": "calm", "t": "calm", "p": "(calm,calm)", "ms": "{calm}"}
    assert row == {**shown, INJECTING[0]: "calm", INJECTING[1]: 5}
