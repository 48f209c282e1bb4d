"""No statement but a single SELECT ever runs, whatever a source or a name says."""

from __future__ import annotations

import itertools

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adsql.errors import from_message
from postgres.support import raises, rows, value

# What an attacker may want to run; each leaves a trace that `trace` finds.
ATTACKS = (
    "DROP TABLE canary", "DELETE FROM canary", "UPDATE canary SET x = 2", "INSERT INTO canary VALUES (9)",
    "CREATE TABLE planted (x int)", "CREATE ROLE planted", "GRANT ALL ON canary TO PUBLIC", "SELECT planted()",
    "COPY canary TO PROGRAM 'touch /tmp/planted'", "DO $$BEGIN DELETE FROM canary; END$$", "TRUNCATE canary",
    "ALTER TABLE canary ADD y int", "COMMIT", "ROLLBACK", "SET ROLE pg_monitor", "LISTEN planted", "VACUUM canary",
)  # fmt: skip
SHAPES = (
    "SELECT x FROM canary; {}", "SELECT x FROM canary;{};", "{}", "{}; SELECT x FROM canary",
    "SELECT x FROM canary) AS s; {}; SELECT * FROM (SELECT 1", "SELECT x FROM canary) AS s; {} --",
    "canary; {}", '"canary"; {}', "canary) AS s; {} --", "SELECT x FROM canary /* ; */; {}", "SELECT $$;$$; {}",
    "SELECT E'\\'; {} --'", "SELECT '\\'; {} --'", "WITH w AS ({} RETURNING *) SELECT * FROM w",
    "WITH w AS ({}) SELECT 1 AS x", "SELECT * FROM ({}) AS s", "SELECT x FROM canary -- \n; {}", "EXPLAIN ANALYZE {}",
    "PREPARE p AS SELECT 1; {}", "SELECT x INTO planted FROM canary; {}", "SELECT 'a'\n';' ; {}", "SELECT U&'\\003B'; {}",
    "\\g {}", "SELECT x FROM canary\\; {}", "SELECT $a$ $a$; {}; SELECT $a$ $a$", "TABLE canary; {}",
    "SELECT 1 AS x WHERE false UNION {}", "VALUES (1); {}",
)  # fmt: skip
HOSTILE = [shape.replace("{}", attack) for attack, shape in itertools.product(ATTACKS, SHAPES)]
CALLS = (
    "SELECT * FROM detect_anomalies(%s, algorithm => 'mad')",
    "SELECT * FROM detect_anomalies(%s, model => 'm')",
    "SELECT train_model('other', %s, algorithm => 'mad')",
    "SELECT update_model('m', %s)",
    "SELECT create_detection_view('planted_view', %s, 'm')",
    "SELECT materialize_anomalies('planted_table', %s, 'm')",
)
TRACE = """
SELECT
    (SELECT array_agg(x ORDER BY x) FROM canary),
    (SELECT count(*) FROM pg_attribute WHERE attrelid = 'canary'::regclass),
    (SELECT relacl::text FROM pg_class WHERE oid = 'canary'::regclass),
    to_regclass('planted'),
    (SELECT count(*) FROM pg_roles),
    (SELECT count(*) FROM called),
    current_user::text,
    array(SELECT pg_listening_channels())
"""


@pytest.fixture
def target(con):
    """A database in which every attack of the list would work, and leave a trace."""
    con.execute("CREATE TABLE canary AS SELECT i % 13 AS x FROM generate_series(1, 60) AS i")
    con.execute("CREATE TABLE called (at timestamptz)")
    con.execute(
        "CREATE FUNCTION planted() RETURNS int LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO called VALUES (now()); RETURN 1; END $$"
    )
    con.execute("SELECT train_model('m', 'canary', algorithm => 'mad')")
    return con


def attempt(con, call, text):
    """Call with a hostile text; whatever happens is rolled back, but what the attack itself would have committed."""
    before = rows(con, TRACE)
    failed = None
    try:
        with con.transaction(force_rollback=True):
            con.execute(call, [text])
            assert rows(con, TRACE) == before, text
    except psycopg.Error as error:
        failed = error
    if failed is not None:
        told = from_message(str(failed))
        assert told is not None or failed.sqlstate[:2] in ("42", "22", "0A"), (text, str(failed))
    assert rows(con, TRACE) == before, text


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.split("(")[0].split()[-1])
def test_hostile_sources_run_nothing(target, call):
    assert len(HOSTILE) > 200
    # Every shape and every attack at every call; all pairs at the first one.
    chosen = HOSTILE if call == CALLS[0] else HOSTILE[:: len(ATTACKS) + 1]
    for text in chosen:
        attempt(target, call, text)


def test_a_call_in_a_select_is_the_callers_own_business(target):
    """Who may call a function may call it in a source; it is part of the single SELECT."""
    query = "SELECT count(*) FROM detect_anomalies('SELECT planted() + x AS x FROM canary', algorithm => 'mad')"
    assert value(target, query) == 60
    assert value(target, "SELECT count(*) > 0 FROM called")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            [";", "--", "/*", "*/", "'", '"', "$$", "$a$", "(", ")", "\n", "\\", "canary", "SELECT x FROM canary",
             "DROP TABLE canary", "SELECT planted()", " AS s ", "UNION", "\u037e", "\uff1b", "é", "\u200b", "E'", "U&\"", ","]
        ),
        min_size=1, max_size=9,
    ).map(" ".join)
)  # fmt: skip
def test_random_sources_run_nothing_but_one_select(target, text):
    attempt(target, CALLS[0], text)


@pytest.mark.parametrize(
    "setting", ["standard_conforming_strings = off", "backslash_quote = on", "client_encoding = 'LATIN1'"]
)
def test_settings_that_change_how_text_is_read_change_nothing(target, setting):
    target.execute(f"SET {setting}; SET escape_string_warning = off")
    for text in HOSTILE[:: len(SHAPES) - 1]:
        attempt(target, CALLS[0], text)
    name = "m\\'; DROP TABLE canary; --"
    target.execute("SELECT train_model(%s, 'canary', algorithm => 'mad')", [name])
    assert value(target, "SELECT count(*) FROM detect_anomalies('canary', model => %s)", [name]) == 60


NAMES = [
    'x"; DROP TABLE canary; --',
    "x'); DROP TABLE canary; --",
    "$$; DROP TABLE canary; $$",
    "x\\",
    "ü ; é",
    "adsql_chunk",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_columns_tables_and_models_are_names(target, name):
    before = rows(target, TRACE)
    quoted = '"' + name.replace('"', '""') + '"'
    target.execute(f"CREATE TABLE {quoted} AS SELECT x AS {quoted}, 'k' || x % 2 AS kind FROM canary")
    target.execute("SELECT train_model(%s, %s, segment_by => ARRAY['kind'], algorithm => 'mad')", [name, quoted])
    assert value(target, f"SELECT count(anomaly_score(%s, t)) FROM {quoted} AS t", [name]) == 60
    assert value(target, "SELECT count(*) FROM detect_anomalies(%s, model => %s)", [quoted, name]) == 60
    assert value(target, "SELECT count(*) FROM detect_anomalies(%s, columns => %s)", [quoted, [name]]) == 60
    target.execute(
        "SELECT create_detection_view(%s, %s, %s)", [quoted.replace(name[:1], "v" + name[:1], 1), quoted, name]
    )
    view = quoted.replace(name[:1], "v" + name[:1], 1)
    assert value(target, f"SELECT count({quoted}) FROM {view}") == 60
    target.execute(f"DROP VIEW {view}")
    assert rows(target, TRACE) == before


@pytest.mark.parametrize("name", ["v; DROP TABLE canary", "v AS SELECT 1; --", "a.b.c", "", "1", 'v" AS SELECT 1'])
def test_what_is_no_name_makes_no_relation(target, name):
    before = rows(target, TRACE)
    for function in ("create_detection_view", "materialize_anomalies"):
        with raises("ADSQL_INVALID_OPTION", sqlstate="22023"):
            target.execute(f"SELECT {function}(%s, 'canary', 'm')", [name])
    assert rows(target, TRACE) == before


@pytest.mark.parametrize("option", ["algorithm", "params", "label_column", "model"])
def test_options_are_values(target, option):
    before = rows(target, TRACE)
    for attack in ("'; DROP TABLE canary; --", '"; DROP TABLE canary; --', "$$; DROP TABLE canary; $$"):
        with raises(
            {"algorithm": "ADSQL_UNKNOWN_ALGORITHM", "params": "ADSQL_INVALID_OPTION",
             "label_column": "ADSQL_UNKNOWN_COLUMN", "model": "ADSQL_UNKNOWN_MODEL"}[option]
        ):  # fmt: skip
            target.execute(f"SELECT * FROM detect_anomalies('canary', {option} => %s)", [attack])
    assert rows(target, TRACE) == before
