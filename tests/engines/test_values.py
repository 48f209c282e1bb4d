"""Awkward tables and values: every engine says what the library says."""

from __future__ import annotations

import pyarrow as pa
import pytest

from adsql.errors import AdsqlError
from engines.tables import ANOMALY, expected, fitted, trips
from sample_tables import AWKWARD, CONSTANT

# Those of types that not every engine has.
OWN_TYPES = ("numbers_of_every_type",)
TABLES = {
    name: make
    for name, make in {**AWKWARD, **{f"constant {k}": v for k, v in CONSTANT.items()}}.items()
    if name not in OWN_TYPES
}
ROW = "SELECT id, anomaly_score('m', t), severity('m', t), is_anomaly('m', t) FROM awkward AS t ORDER BY id"


@pytest.mark.parametrize("name", TABLES)
def test_an_awkward_table_has_the_library_s_results_or_its_refusal(engine, name):
    columns = TABLES[name]()
    # Not a key: two columns of one number each would be.
    table = {"id": pa.array(range(len(next(iter(columns.values())))), pa.int64()), **columns}
    used = ", ".join(f"'{column}'" for column in columns)
    engine.create("awkward", table)
    options = f"algorithm => 'ecod', columns => ARRAY[{used}]"
    try:
        model = fitted("ecod", table, columns=list(columns))
    except AdsqlError as error:
        with engine.raises(error.code.removeprefix("ADSQL_")):
            engine.rows(f"SELECT version FROM train_model('m', 'awkward', {options})")
        with engine.raises(error.code.removeprefix("ADSQL_")):
            engine.results(["id"], "awkward", options)
        return
    engine.value(f"SELECT (train_model('m', 'awkward', {options})).version")
    assert engine.saved_model("m").content_hash == model.content_hash
    wanted = expected(table, model.score(table))
    for form in engine.forms:
        assert engine.results(["id"], "awkward", "model => 'm'", form) == wanted
        assert engine.results(["id"], "awkward", options, form) == wanted
    assert engine.rows(ROW) == wanted


def test_null_and_nan_are_the_same_missing_value(engine):
    engine.value("SELECT (train_model('m', 'numbers', columns => ARRAY['x', 'y'])).version")
    scored = "SELECT anomaly_score('m', {}, {})"
    null, nan = "CAST(NULL AS double precision)", "CAST('NaN' AS double precision)"
    assert engine.value(scored.format("0.5", null)) == engine.value(scored.format("0.5", nan)) is not None
    for missing in ((null, null), (nan, null), (nan, nan)):
        assert engine.value(scored.format(*missing)) is None
        assert engine.value(f"SELECT is_anomaly('m', {missing[0]}, {missing[1]})") is None
        assert engine.value(f"SELECT severity('m', {missing[0]}, {missing[1]})") is None


def test_columns_with_odd_names_are_used(engine):
    names = [
        'quo"te',
        "apo'strophe",
        "semi;colon",
        "Ünï cödé",
        "SELECT",
        "adsql_n",
        "adsql_parts",
        "row",
        "chunk",
        "model",
        "percent %s",
        "brace {}",
    ]
    table = {
        "id": trips()["id"],
        **{name: pa.array([float(i * (k + 3) % 101) for i in range(401)]) for k, name in enumerate(names)},
    }
    engine.create("odd; name", table)
    model = fitted("mad", table)
    assert engine.value("""SELECT (train_model('m', '"odd; name"', algorithm => 'mad')).version""") == 1
    assert engine.saved_model("m").content_hash == model.content_hash
    wanted = expected(table, model.score(table))
    query = "SELECT id, anomaly_score('m', t), severity('m', t), is_anomaly('m', t) FROM \"odd; name\" AS t ORDER BY id"
    assert engine.rows(query) == wanted
    found = engine.rows("SELECT anomaly_score FROM detect_anomalies('odd; name', model => 'm') ORDER BY anomaly_score")
    assert [row[0] for row in found] == pytest.approx(sorted(row[1] for row in wanted), rel=1e-9)


def test_a_select_with_every_awkward_end_is_read(engine):
    engine.value("SELECT (train_model('m', 'trips', algorithm => 'mad', columns => ARRAY['fare', 'kind'])).version")
    wanted = engine.results(["id"], "trips", "model => 'm'")
    for source in (
        "SELECT * FROM trips;",
        "SELECT * FROM trips -- all of them",
        "/* all; */ SELECT * FROM trips /* of them */",
        "WITH t AS (SELECT * FROM trips) SELECT * FROM t",
        "SELECT * FROM trips WHERE kind <> '; DROP TABLE trips --' OR kind IS NULL",
        "(SELECT * FROM trips)",
        "SELECT * FROM trips UNION ALL SELECT * FROM trips WHERE false",
    ):
        assert engine.results(["id"], source, "model => 'm'") == wanted, source


def test_a_source_of_another_schema_and_a_view(engine):
    wanted = engine.results(["id"], "trips", "algorithm => 'mad'")
    engine.run("CREATE SCHEMA elsewhere")
    try:
        engine.run('CREATE VIEW elsewhere."Seen trips" AS SELECT * FROM trips')
        scores = engine.rows(
            """SELECT anomaly_score FROM detect_anomalies('elsewhere."Seen trips"', algorithm => 'mad')"""
        )
        assert sorted(score for (score,) in scores) == sorted(row[1] for row in wanted)
    finally:
        engine.run("DROP SCHEMA elsewhere CASCADE")


def test_each_row_may_name_its_own_model(engine):
    for name in ("mad", "zscore"):
        engine.value(f"SELECT (train_model('{name}', 'trips', algorithm => '{name}')).version")
    query = "SELECT id, anomaly_score({}, t) FROM trips AS t ORDER BY id"
    even, odd = (engine.rows(query.format(f"'{name}'")) for name in ("mad", "zscore"))
    both = engine.rows(query.format("CASE WHEN id % 2 = 0 THEN 'mad' ELSE 'zscore' END"))
    assert both == [even[i] if i % 2 == 0 else odd[i] for i in range(len(both))]


@pytest.mark.parametrize("segments", ["", ", segment_by => ARRAY['kind']"])
def test_a_row_that_comes_again_has_the_results_that_it_had(engine, segments):
    options = f"algorithm => 'knn', columns => ARRAY['fare', 'km', 'started']{segments}"
    engine.value(f"SELECT (train_model('m', 'trips', {options})).version")
    results = "anomaly_score('m', t), severity('m', t), is_anomaly('m', t)"
    known = {row[0]: row[1:] for row in engine.rows(f"SELECT id, {results} FROM trips AS t")}
    ids = [3, 3, 7, 3, 83, 83, ANOMALY, 7, ANOMALY]
    wanted = ", ".join(f"({turn}, {number})" for turn, number in enumerate(ids))
    source = f"(VALUES {wanted}) AS o(turn, wanted) JOIN trips AS t ON t.id = o.wanted"
    assert engine.rows(f"SELECT {results} FROM {source} ORDER BY turn") == [known[number] for number in ids]


def test_forty_columns_are_passed_as_a_row(engine):
    table = {
        "id": trips()["id"],
        **{f"f{k}": pa.array([float(i * (k + 3) % 89) for i in range(401)]) for k in range(300)},
    }
    engine.create("wide", table)
    model = fitted("zscore", table)
    engine.value("SELECT (train_model('m', 'wide', algorithm => 'zscore')).version")
    assert engine.saved_model("m").content_hash == model.content_hash
    wanted = expected(table, model.score(table))
    assert engine.rows("SELECT id, anomaly_score('m', t) FROM wide AS t ORDER BY id") == [row[:2] for row in wanted]
    for form in engine.forms:
        found = engine.results(["id"], "wide", "model => 'm'", form)
        assert [row[1] for row in found] == pytest.approx([row[1] for row in wanted], rel=1e-9)


def test_large_tables_are_scored_in_chunks_with_the_same_results(engine):
    """More rows than a chunk, a vector or a row group has."""
    query = (
        "CREATE TABLE many AS SELECT n.id * 401 + t.id AS number, t.fare, t.km, t.kind, t.started FROM trips AS t, "
        "(SELECT id FROM trips WHERE id < 350) AS n"
    )
    engine.run(query)
    engine.tables.append("many")
    engine.value(
        "SELECT (train_model('m', 'trips', algorithm => 'iforest', columns => ARRAY['fare', 'km', 'kind', 'started'])).version"
    )
    wanted = dict(engine.rows("SELECT id, anomaly_score('m', t) FROM trips AS t"))
    for form in engine.forms:
        found = engine.results(["number"], "many", "model => 'm'", form)
        assert len(found) == 350 * 401
        assert all(row[1] == wanted[row[0] % 401] for row in found)
