"""A model becomes plain SQL functions, which give its scores without adsql."""

from __future__ import annotations

import json
import math

import psycopg
import pytest

from adsql.abilities import ToSql
from adsql.registry import row_wise_detectors
from postgres.support import raises, rows, value
from sqlgen.parameters import SMALL

FORMULAS = [name for name, cls in row_wise_detectors().items() if issubclass(cls, ToSql)]
ODD = """
CREATE TABLE odd (id serial, fare double precision, km double precision, kind text, started timestamp);
INSERT INTO odd (fare, km, kind, started)
SELECT f::float8, k::float8, (ARRAY['day', 'night', 'never', '', NULL])[1 + i % 5],
    CASE i % 3 WHEN 0 THEN TIMESTAMP '2024-02-03 04:05:06.7' END
FROM unnest(ARRAY['NaN', 'Infinity', '-Infinity', '0', '-0', '5e-324', '-1e-310', '1e-200', '1e-30', '1e12', '1e160',
    '1e300', '-1.7e308', '7.3', '19.98', NULL]) WITH ORDINALITY AS a (f, i)
CROSS JOIN unnest(ARRAY['NaN', 'Infinity', '0', '1e-310', '-1e150', '1.7e308', '123', NULL]) AS b (k)
UNION ALL
SELECT NULL, NULL, NULL, NULL;
"""
COLUMNS = "fare, km, kind, started"


def trained(con, algorithm="mad", source="trips", options="", name="m"):
    params = json.dumps(SMALL.get(algorithm, {}))
    query = f"SELECT train_model('{name}', '{source}', algorithm => '{algorithm}', params => '{params}'{options})"
    con.execute(query)


def assert_equal(con, table, columns, score="m_score", verdict="m_is_anomaly", model="m"):
    """Assert that the compiled functions give what the model gives, to 1e-9, for each row of a table."""
    found = rows(
        con,
        f"SELECT {score}({columns}), {verdict}({columns}), anomaly_score('{model}', t), is_anomaly('{model}', t) "
        f"FROM {table} AS t ORDER BY t.id",
    )
    for ours, flagged, theirs, expected in found:
        assert (ours is None, flagged is None) == (theirs is None, expected is None)
        if theirs is not None:
            assert math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9)
            assert flagged == expected or math.isclose(ours, theirs, rel_tol=1e-9)
    assert found
    return found


@pytest.mark.parametrize("algorithm", FORMULAS)
def test_every_detector_with_a_form(con, algorithm):
    con.execute(ODD)
    trained(con, algorithm, "SELECT fare, km, kind, started FROM trips WHERE id > 420", ", contamination => 0.1")
    assert value(con, "SELECT compile_model('m')") == (
        '"public"."m_score"("fare" double precision, "km" double precision, "kind" text, '
        '"started" timestamp without time zone)'
    )
    assert any(row[1] for row in assert_equal(con, "trips", COLUMNS))
    assert any(row[0] is None for row in assert_equal(con, "odd", COLUMNS))


@pytest.mark.parametrize("algorithm", ["zscore", "hbos", "mcd", "pca", "iqr"])
def test_units_of_any_size(con, algorithm):
    con.execute(ODD)
    con.execute("CREATE TABLE scaled AS SELECT id, fare, km::double precision FROM trips")
    for center, scale in [(0, 1), (0, 1e-250), (1e-200, 1e-12), (1e-14, 1e12), (1e14, 1), (-1e140, 1e140), (0, 1e-11)]:
        con.execute(
            f"UPDATE scaled SET fare = {center!r} + sin(id) * {scale!r}, km = cos(id * id) * {scale!r} + {center!r}"
        )
        trained(con, algorithm, "SELECT fare, km FROM scaled", ", threshold => 1")
        con.execute("SELECT compile_model('m')")
        assert_equal(con, "scaled", "fare, km")
        assert_equal(con, "odd", "fare, km")


@pytest.mark.parametrize("segment", ["kind", "night", "hour", "day", "big"])
def test_segments(con, segment):
    con.execute(
        "CREATE TABLE parts AS SELECT *, kind = 'night' AS night, id % 3 AS hour, started::date - id % 20 / 10 AS day, "
        "9007199254740992 + id % 2 AS big FROM trips; UPDATE parts SET kind = NULL, night = NULL, hour = NULL WHERE id < 90"
    )
    trained(con, "mad", f"SELECT fare, km, {segment} FROM parts WHERE id <> 500", f", segment_by => ARRAY['{segment}']")
    con.execute("SET DateStyle = 'German'")
    con.execute("SELECT compile_model('m')")
    con.execute("SET DateStyle = 'SQL, MDY'")
    found = assert_equal(con, "parts", f"{segment}, fare, km")
    assert segment != "kind" or any(row[0] is None for row in found), "a segment that was not there in training"


def test_a_date_a_time_and_a_timestamp_with_a_zone(con):
    con.execute(
        "CREATE TABLE times AS SELECT id, started::date + id % 17 AS d, started::time AS c, "
        "started AT TIME ZONE 'UTC' AS z FROM trips"
    )
    trained(con, "zscore", "SELECT d, c, z FROM times")
    con.execute("SELECT compile_model('m')")
    con.execute("SET TimeZone = 'Asia/Tokyo'")
    with pytest.raises(psycopg.Error, match="does not exist"):
        con.execute("SELECT m_score(d, c, z) FROM times")
    assert_equal(con, "times", "d, c, z AT TIME ZONE 'UTC'")


def test_a_timestamp_without_end_is_a_missing_one(con):
    trained(con, "zscore", "SELECT fare, started FROM trips")
    con.execute("SELECT compile_model('m')")
    assert value(con, "SELECT m_score(3, 'infinity') = m_score(3, NULL)")
    assert value(con, "SELECT m_score(NULL, '-infinity')") is None


def test_the_functions_are_inlined_and_run_in_parallel(con):
    con.execute(
        "CREATE TABLE many AS SELECT i AS id, sin(i) AS x, cos(i * 0.1) AS y FROM generate_series(1, 20000) AS i"
    )
    con.execute("ANALYZE many")
    trained(con, "zscore", "SELECT x, y FROM many")
    con.execute("SELECT compile_model('m')")
    con.execute(
        "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; "
        "SET max_parallel_workers_per_gather = 2"
    )
    plan = [row[0] for row in rows(con, "EXPLAIN (VERBOSE) SELECT count(*) FROM many WHERE m_score(x, y) > 3")]
    assert any("Gather" in line for line in plan)
    assert not any("m_score" in line for line in plan)
    found = rows(con, "EXPLAIN (VERBOSE) SELECT m_is_anomaly(x, y) FROM many")
    assert not any("m_is_anomaly(" in row[0] or "m_score(" in row[0] for row in found)
    assert [
        (row[0], row[1]) for row in rows(con, "SELECT provolatile, proparallel FROM pg_proc WHERE proname ~ '^m_'")
    ] == [("i", "s")] * 2


def test_a_role_without_adsql_calls_them_after_a_grant(con, postgres, database):
    trained(con)
    con.execute("CREATE SCHEMA scoring; SELECT compile_model('m', 'scoring.m_score')")
    con.execute("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA scoring FROM PUBLIC; CREATE ROLE guest LOGIN")
    try:
        con.execute("CREATE TABLE scoring.rides AS TABLE trips; GRANT SELECT ON scoring.rides TO guest")
        con.execute("GRANT USAGE ON SCHEMA scoring TO guest")
        with postgres.connect("guest", database) as guest:
            query = f"SELECT count(scoring.m_score({COLUMNS})), count(*) FILTER (WHERE scoring.m_is_anomaly({COLUMNS})) FROM scoring.rides"
            with pytest.raises(psycopg.Error, match="permission denied for function m_"):
                guest.execute(query)
            con.execute("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA scoring TO guest")
            assert rows(guest, query) == [(501, 1)]
    finally:
        con.execute("DROP OWNED BY guest; DROP ROLE guest")


def test_they_move_to_a_database_without_adsql(con, postgres, database):
    trained(con, "hbos", options=", segment_by => ARRAY['kind']")
    con.execute("SELECT compile_model('m'); CREATE TABLE public.rides AS TABLE trips")
    texts = [
        row[0]
        for row in rows(con, "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname ~ '^m_' ORDER BY proname DESC")
    ]
    expected = rows(con, "SELECT id, m_score(kind, fare, km, started) FROM public.rides ORDER BY id")
    dumped = postgres.run("pg_dump", "--table=public.rides", "--no-owner", dbname=database)
    con.execute("CREATE DATABASE bare TEMPLATE template0")
    try:
        postgres.run("psql", "-v", "ON_ERROR_STOP=1", dbname="bare", stdin=dumped)
        with postgres.connect(dbname="bare") as bare:
            for text in texts:
                bare.execute(text)
            assert rows(bare, "SELECT extname FROM pg_extension") == [("plpgsql",)]
            assert rows(bare, "SELECT id, m_score(kind, fare, km, started) FROM public.rides ORDER BY id") == expected
    finally:
        con.execute("DROP DATABASE bare WITH (FORCE)")


def test_operators_of_the_callers_schemas_are_never_used(con):
    trained(con, "mad", "SELECT fare, km FROM trips")
    con.execute(
        "CREATE SCHEMA trap; CREATE FUNCTION trap.wrong(float8, float8) RETURNS float8 LANGUAGE sql RETURN 7e0; "
        "CREATE OPERATOR trap.- (FUNCTION = trap.wrong, LEFTARG = float8, RIGHTARG = float8); "
        "CREATE FUNCTION trap.abs(float8) RETURNS float8 LANGUAGE sql RETURN 7e0; "
        "SET search_path = trap, pg_catalog, public, adsql"
    )
    assert value(con, "SELECT compile_model('m')").startswith('"trap"."m_score"')
    assert_equal(con, "trips", "fare, km")


def test_compiling_again_after_training_again_replaces_them(con):
    trained(con, "mad")
    con.execute("SELECT compile_model('m')")
    con.execute("CREATE VIEW strange AS SELECT id FROM trips WHERE m_is_anomaly(fare, km, kind, started)")
    trained(con, "zscore", options=", threshold => -1")
    con.execute("SELECT compile_model('m')")
    assert value(con, "SELECT count(*) FROM strange") == 501, "views use the new one"
    con.execute("SELECT compile_model('m', version => 1)")
    assert value(con, "SELECT count(*) FROM strange") < 501
    assert value(con, "SELECT count(*) FROM pg_proc WHERE proname ~ '^m_'") == 2


def test_other_columns_make_other_functions_of_the_same_names(con):
    trained(con, "mad")
    con.execute("SELECT compile_model('m')")
    trained(con, "mad", "SELECT km, fare FROM trips")
    assert (
        value(con, "SELECT compile_model('m')") == '"public"."m_score"("km" double precision, "fare" double precision)'
    )
    trained(con, "mad", "SELECT fare, km FROM trips")
    con.execute("SELECT compile_model('m')")
    assert value(con, "SELECT count(*) FROM pg_proc WHERE proname ~ '^m_'") == 2
    con.execute("CREATE VIEW strange AS SELECT id FROM trips WHERE m_is_anomaly(fare, km)")
    trained(con, "mad")
    with pytest.raises(psycopg.Error, match="other objects depend on it"):
        con.execute("SELECT compile_model('m')")
    assert value(con, "SELECT count(*) FROM strange") > 0, "nothing was dropped"


def test_columns_whose_names_need_quotes_or_cannot_be_arguments(con):
    names = ['we"ird', "select", "it's", "x" * 63, "semi;colon--", "$1", "Ünï", "out", "variadic"]
    columns = ", ".join(f"sin(i * {k + 1}.1) AS " + '"' + name.replace('"', '""') + '"' for k, name in enumerate(names))
    con.execute(f"CREATE TABLE quoted AS SELECT i AS id, {columns} FROM generate_series(1, 300) AS i")
    trained(con, "zscore", "quoted", options="")
    con.execute("SELECT compile_model('m')")
    known = value(con, "SELECT columns FROM models WHERE name = 'm'")
    assert set(names) <= set(known)
    assert_equal(con, "quoted", ", ".join('"' + name.replace('"', '""') + '"' for name in known))


def test_integers_and_booleans_count_as_numbers(con):
    con.execute("CREATE TABLE flags AS SELECT id, km % 9 = 0 AS flag, km, km::numeric(9, 2) AS price FROM trips")
    trained(con, "zscore", "SELECT flag, km, price FROM flags")
    con.execute("SELECT compile_model('m')")
    assert_equal(con, "flags", "flag::int, km, price")


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("Taxi fares, 2024", '"public"."taxi_fares_2024_score"("fare" double precision)'),
        ("2024", '"public"."_2024_score"("fare" double precision)'),
        ("!?", '"public"."model_score"("fare" double precision)'),
        ("x" * 200, f'"public"."{"x" * 52}_score"("fare" double precision)'),
        ("ü" * 100, f'"public"."{"ü" * 26}_score"("fare" double precision)'),
    ],
)
def test_default_names(con, model, expected):
    trained(con, "mad", "SELECT fare FROM trips", name=model)
    assert value(con, "SELECT compile_model(%s)", [model]) == expected


def test_names_of_ones_own(con):
    trained(con, "mad", "SELECT fare FROM trips")
    con.execute('CREATE SCHEMA "Odd; schema"')
    for given, score, verdict in [
        ("strange", '"public"."strange"', "strange_is_anomaly"),
        ('"Odd; schema"."odd "" name_score"', '"Odd; schema"."odd "" name_score"', 'odd " name_is_anomaly'),
    ]:
        assert value(con, "SELECT compile_model('m', %s)", [given]) == f'{score}("fare" double precision)'
        assert value(con, "SELECT count(*) FROM pg_proc WHERE proname = %s", [verdict]) == 1


@pytest.mark.parametrize("name", ["", " ", "a b", "a.b.c", "a; DROP TABLE trips", '"', "x" * 60, "1x", "f()"])
def test_bad_names(con, name):
    trained(con, "mad", "SELECT fare FROM trips")
    with raises("ADSQL_INVALID_OPTION", "cannot name a function"):
        con.execute("SELECT compile_model('m', %s)", [name])


def test_functions_of_others_are_kept(con):
    trained(con, "mad", "SELECT fare FROM trips")
    trained(con, "mad", "SELECT fare FROM trips", name="M")
    con.execute("CREATE FUNCTION public.m_is_anomaly(text) RETURNS boolean LANGUAGE sql RETURN true")
    with raises("ADSQL_INVALID_OPTION", "m_is_anomaly(text) exists", "choose another name"):
        con.execute("SELECT compile_model('m')")
    con.execute("DROP FUNCTION public.m_is_anomaly; SELECT compile_model('m')")
    with raises("ADSQL_INVALID_OPTION", "m_is_anomaly(double precision) exists"):
        con.execute("SELECT compile_model('M')")


def test_schemas_that_are_not_there_or_may_not_be_written(con, postgres, database):
    trained(con, "mad", "SELECT fare FROM trips")
    with pytest.raises(psycopg.Error, match='schema "nowhere" does not exist'):
        con.execute("SELECT compile_model('m', 'nowhere.f')")
    con.execute("SET search_path = nowhere")
    with raises("ADSQL_INVALID_OPTION", "no schema of the search_path exists"):
        con.execute("SELECT adsql.compile_model('m')")
    con.execute(
        "CREATE ROLE reader LOGIN; GRANT adsql_user TO reader; CREATE SCHEMA closed; SELECT adsql.share_model('m', 'reader')"
    )
    try:
        denied = pytest.raises(psycopg.Error, match="permission denied for schema closed")
        with postgres.connect("reader", database) as reader, denied:
            reader.execute("SELECT compile_model('m', 'closed.f')")
    finally:
        con.execute("DROP OWNED BY reader; DROP ROLE reader")


@pytest.mark.parametrize(
    ("algorithm", "options", "words"),
    [
        ("knn", "", "knn has no SQL form"),
        ("auto", "", "auto has no SQL form"),
        ("iforest", ", params => '{\"n_estimators\": 100}'", "nodes"),
    ],
)
def test_models_that_are_no_formula(con, algorithm, options, words):
    con.execute(f"SELECT train_model('m', 'trips', algorithm => '{algorithm}'{options})")
    with raises("ADSQL_NO_SQL_FORM", words):
        con.execute("SELECT compile_model('m')")
    assert value(con, "SELECT count(*) FROM pg_proc WHERE proname ~ '^m_'") == 0


def test_models_of_more_columns_than_a_function_takes(con):
    columns = ", ".join(f"sin(i * {k}.7) AS c{k}" for k in range(101))
    trained(con, "zscore", f"SELECT {columns} FROM generate_series(1, 200) AS i")
    with raises("ADSQL_NO_SQL_FORM", "101 columns", "up to 100"):
        con.execute("SELECT compile_model('m')")


def test_models_and_versions_that_are_not_there(con):
    trained(con)
    with raises("ADSQL_UNKNOWN_MODEL", "'n'"):
        con.execute("SELECT compile_model('n')")
    with raises("ADSQL_UNKNOWN_VERSION", "no version 3"):
        con.execute("SELECT compile_model('m', version => 3)")
    with raises("ADSQL_UNKNOWN_MODEL", "NULL"):
        con.execute("SELECT compile_model(NULL)")
