"""Who may do what: nobody outside the group, everyone with their own rights, models by their owner."""

from __future__ import annotations

import itertools

import psycopg
import pytest
from psycopg import sql

from postgres.support import raises, rows, value

_numbers = itertools.count(1)
# Functions without Python, which workers of a parallel plan may call.
PARALLEL_SAFE = {"models", "__names", "alerts"}
# Alerts on write: see alerts.py and 60_alerts.sql.
WITH_THE_OWNERS_RIGHTS = {"__alert_trigger", "__alert_deleted", "__install_alert"}
# What only the extension itself calls.
FOR_NOBODY = {"__alert_trigger", "__alert_deleted", "__plan_alert", "__find_anomalies"}
# Functions that read sources on the caller's search path (or make a function in its first schema), or are inlined, which the planner does to none that sets one.
# All names in them are qualified.
WITHOUT_A_PATH = {
    "__plan_detect", "__score_chunk", "__alert_groups", "__rank_all", "detect_anomalies", "__train", "train_model", "update_model",
    "create_detection_view", "materialize_anomalies", "alert_on_insert", "compile_model", "anomaly_score", "severity",
    "is_anomaly", "consensus", "__names", "evaluate_model", "compare_models",
    "threshold_report", "model_stability", "detector_agreement", "preview_feedback", "apply_feedback",
    "explain_anomaly", "explain_anomalies",
    "contrast_anomalies", "profile_data", "suggest_detectors", "check_drift", "suggest_normal",
    "__plan_series", "__judge_series", "__detect_series", "detect_series_anomalies",
    "__plan_incidents", "anomaly_incidents",
    "__plan_changes", "__change_points", "__detect_changes", "detect_change_points",
    "__plan_backtest", "__backtest", "backtest_series",
    "__keep_series", "__train_series", "train_series_model", "__plan_score_series", "__score_series", "score_series",
}  # fmt: skip
ROWS_OF = ("_of_row", "_of_values", "_of_json")
FUNCTIONS = """
SELECT p.oid::regprocedure::text, p.proname, p.proparallel, p.prosecdef, p.proconfig, p.proacl::text, p.provolatile
FROM pg_proc AS p
WHERE p.pronamespace = 'adsql'::regnamespace
"""


@pytest.fixture
def role(postgres, database):
    """Make roles: with the group or without, in this database's cluster, dropped afterwards."""
    made = []

    def make(*, member=True, groups=()):
        name = f"role_{next(_numbers)}"
        with postgres.connect(dbname=database) as con:
            con.execute(f"CREATE ROLE {name} LOGIN")
            for group in (*(["adsql_user"] if member else []), *groups):
                con.execute(f"GRANT {group} TO {name}")
        made.append(name)
        return name

    yield make
    with postgres.connect(dbname=database) as con:
        for name in made:
            con.execute(f"DROP OWNED BY {name} CASCADE")
            con.execute("DELETE FROM adsql.models WHERE owner = %s", [name])
            con.execute(f"DROP ROLE {name}")


@pytest.fixture
def as_role(postgres, database):
    """Connect as a role."""
    opened = []

    def connect(name):
        connection = postgres.connect(user=name, dbname=database)
        opened.append(connection)
        return connection

    yield connect
    for connection in opened:
        connection.close()


def train(con, name="fares", algorithm="mad"):
    return value(con, "SELECT (train_model(%s, 'trips', algorithm => %s)).version", [name, algorithm])


def test_no_function_is_for_everyone(con):
    for signature, name, *_, acl, _volatile in rows(con, FUNCTIONS):
        assert acl is not None, signature
        grantees = {entry.partition("=")[0] for entry in acl.strip("{}").split(",")}
        assert "" not in grantees, f"{signature} is granted to PUBLIC"
        assert ("adsql_user" in grantees) == (name not in FOR_NOBODY), signature


def test_functions_are_neither_run_by_workers_nor_with_the_rights_of_their_owner(con):
    found = rows(con, FUNCTIONS)
    assert len(found) > 20
    for signature, name, parallel, definer, config, *_ in found:
        assert parallel == ("s" if name in PARALLEL_SAFE else "u"), signature
        assert definer == (name in WITH_THE_OWNERS_RIGHTS), signature
        pinned = config is not None and any(setting.startswith("search_path=") for setting in config)
        assert pinned != (name in WITHOUT_A_PATH or name.endswith(ROWS_OF)), signature


def test_who_is_not_in_the_group_can_do_nothing(con, role, as_role):
    train(con)
    other = as_role(role(member=False))
    for statement in (
        "SELECT * FROM adsql.models()", "SELECT * FROM adsql.models", "SELECT * FROM adsql.model_shares",
        "SELECT * FROM adsql.detect_anomalies('trips')", "SELECT adsql.train_model('m', 'trips')",
        "SELECT adsql.anomaly_score('fares', t) FROM trips AS t", "SELECT adsql.drop_model('fares')",
        "SELECT adsql.__score_chunk('fares', NULL, NULL, '[]', 0, '{}', NULL)",
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            other.execute(statement)


def test_a_member_trains_scores_and_drops_models_of_its_own(role, as_role):
    own = as_role(role())
    assert train(own) == 1
    assert value(own, "SELECT count(*) FROM trips AS t WHERE anomaly_score('fares', t) IS NOT NULL") == 501
    assert value(own, "SELECT drop_model('fares')") == [1]


def test_a_model_of_someone_else_is_as_one_that_does_not_exist(role, as_role):
    owner, other = as_role(role()), as_role(role())
    train(owner)
    messages = []
    for name in ("fares", "nowhere"):
        with raises("ADSQL_UNKNOWN_MODEL") as caught:
            other.execute("SELECT anomaly_score(%s, t) FROM trips AS t", [name])
        messages.append(caught.value.diag.message_primary.replace(name, "..."))
        with raises("ADSQL_UNKNOWN_MODEL"):
            other.execute("SELECT drop_model(%s)", [name])
        with raises("ADSQL_UNKNOWN_MODEL"):
            other.execute("SELECT share_model(%s, 'public')", [name])
    assert messages[0] == messages[1]
    assert rows(other, "SELECT * FROM models()") == []


def test_two_roles_have_models_of_one_name(role, as_role):
    first, second = as_role(role()), as_role(role())
    assert train(first, algorithm="mad") == 1
    assert train(second, algorithm="iqr") == 1
    assert value(first, "SELECT value FROM model_info('fares') WHERE name = 'algorithm'") == "mad"
    assert value(second, "SELECT value FROM model_info('fares') WHERE name = 'algorithm'") == "iqr"


@pytest.mark.parametrize("whom", ["role", "group", "public"])
def test_a_shared_model_can_be_used_and_not_changed(con, role, as_role, whom):
    group, owner = role(member=False), role()
    user = role(groups=[group])
    grantee = {"role": user, "group": group, "public": "public"}[whom]
    train(as_role(owner))
    as_role(owner).execute("SELECT share_model('fares', %s)", [grantee])
    other = as_role(user)
    assert value(other, "SELECT count(anomaly_score('fares', t)) FROM trips AS t") == 501
    assert rows(other, "SELECT name, owner FROM models()") == [("fares", owner)]
    for call in ("drop_model('fares')", "share_model('fares', 'public')", "unshare_model('fares', 'public')"):
        with raises("ADSQL_UNKNOWN_MODEL", owner):
            other.execute(f"SELECT {call}")
    other.execute("DELETE FROM adsql.models")
    assert value(con, "SELECT count(*) FROM models()") == 1
    as_role(owner).execute("SELECT unshare_model('fares', %s)", [grantee])
    with raises("ADSQL_UNKNOWN_MODEL"):
        other.execute("SELECT anomaly_score('fares', t) FROM trips AS t")


def test_ones_own_model_comes_before_a_shared_one(role, as_role):
    owner, user = as_role(role()), as_role(role())
    train(owner, algorithm="iqr")
    owner.execute("SELECT share_model('fares', 'public')")
    train(user, algorithm="mad")
    assert value(user, "SELECT value FROM model_info('fares') WHERE name = 'algorithm'") == "mad"


def test_two_shared_models_of_one_name_are_told_apart_by_nobody(role, as_role):
    names = [role(), role()]
    for name in names:
        train(as_role(name))
        as_role(name).execute("SELECT share_model('fares', 'public')")
    with raises("ADSQL_AMBIGUOUS_MODEL", *names):
        as_role(role()).execute("SELECT anomaly_score('fares', t) FROM trips AS t")


def test_a_member_of_the_owning_role_uses_its_models(role, as_role):
    team = role()
    train(as_role(team))
    member = as_role(role(groups=[team]))
    assert value(member, "SELECT count(anomaly_score('fares', t)) FROM trips AS t") == 501


def test_a_model_is_shared_with_roles_that_exist(role, as_role):
    owner = as_role(role())
    train(owner)
    with raises("ADSQL_INVALID_OPTION", "'nobody'"):
        owner.execute("SELECT share_model('fares', 'nobody')")


def test_set_role_counts_within_one_transaction(con, role):
    names = [role(), role()]
    with con.transaction():
        con.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(names[0])))
        train(con)
        assert value(con, "SELECT count(anomaly_score('fares', t)) FROM trips AS t") == 501
        con.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(names[1])))
        with raises("ADSQL_UNKNOWN_MODEL"), con.transaction():
            con.execute("SELECT anomaly_score('fares', t) FROM trips AS t")


def test_a_function_with_its_owners_rights_uses_its_owners_models(con, role, as_role):
    owner, user = role(), role()
    train(as_role(owner))
    as_role(owner).execute(
        "CREATE FUNCTION public.score_of(trips) RETURNS float8 LANGUAGE sql SECURITY DEFINER "
        "SET search_path = public, adsql AS 'SELECT adsql.anomaly_score(''fares'', $1)'"
    )
    assert value(as_role(user), "SELECT count(public.score_of(t)) FROM trips AS t") == 501
    # Inside one statement both roles look up the name.
    with raises("ADSQL_UNKNOWN_MODEL"):
        as_role(user).execute("SELECT public.score_of(t), anomaly_score('fares', t) FROM trips AS t")


def test_a_source_is_read_with_the_callers_rights(con, role, as_role):
    con.execute("CREATE TABLE secret AS SELECT * FROM trips")
    user = as_role(role())
    train(user)
    for statement in (
        "SELECT * FROM detect_anomalies('secret')", "SELECT train_model('m', 'secret')",
        "SELECT * FROM detect_anomalies(NULL::secret)", "SELECT create_detection_view('v', 'secret', 'fares')",
        "SELECT * FROM detect_anomalies('SELECT * FROM secret', model => 'fares')",
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for table secret"):
            user.execute(statement)


def test_row_level_security_of_a_source_holds(con, role, as_role):
    con.execute("ALTER TABLE trips ENABLE ROW LEVEL SECURITY")
    con.execute("CREATE POLICY few ON trips FOR SELECT USING (id < 100)")
    user = as_role(role())
    assert value(user, "SELECT (train_model('m', 'trips', algorithm => 'mad')).n_rows") == 100
    assert value(user, "SELECT count(*) FROM detect_anomalies('trips', algorithm => 'mad')") == 100


def test_look_alikes_on_the_search_path_are_not_called(con, role, as_role):
    user = role()
    con.execute(f"CREATE SCHEMA trap AUTHORIZATION {user}")
    trapped = as_role(user)
    # Named and typed as what adsql uses; each would raise.
    for name, arguments, returns in (
        ("count", "", "bigint"), ("string_agg", "bytea, text", "bytea"), ("float8send", "float8", "bytea"),
        ("to_regclass", "text", "regclass"), ("record_send", "trips", "bytea"), ("row_number", "", "bigint"),
        ("current_setting", "text", "text"), ("hashint8extended", "bigint, integer", "bigint"),
        ("anomaly_score", "text, trips", "float8"),
    ):  # fmt: skip
        body = "BEGIN RAISE EXCEPTION 'trapped by %', $1; END" if arguments else "BEGIN RAISE EXCEPTION 'trapped'; END"
        body = "BEGIN RAISE EXCEPTION 'trapped'; END"
        trapped.execute(f"CREATE FUNCTION trap.{name}({arguments}) RETURNS {returns} LANGUAGE plpgsql AS $${body}$$")
    trapped.execute(
        "CREATE FUNCTION trap.boom(bigint, integer) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$"
    )
    for operator in ("/", "-", "="):
        returns = "boom"
        trapped.execute(
            f"CREATE OPERATOR trap.{operator} (FUNCTION = trap.{returns}, LEFTARG = bigint, RIGHTARG = integer)"
        )
    trapped.execute(
        "CREATE TABLE trap.models (name text); CREATE TEMP TABLE models (name text); CREATE TEMP TABLE pg_class (x int)"
    )
    trapped.execute("SET search_path = trap, pg_catalog, public, adsql")
    assert trapped.execute(
        "SELECT (adsql.train_model('m', 'public.trips', algorithm => 'mad')).version"
    ).fetchone() == (1,)
    for call in ("'public.trips'", "'public.trips', model => 'm'", "'TABLE public.trips'"):
        found = trapped.execute(f"SELECT (row ->> 'id')::int FROM adsql.detect_anomalies({call}) WHERE is_anomaly")
        assert found.fetchall() == [(500,)]
    found = trapped.execute(
        "SELECT adsql.anomaly_score('m', t) FROM public.trips AS t WHERE id OPERATOR(pg_catalog.=) 500"
    )
    assert found.fetchone()[0] > 10
