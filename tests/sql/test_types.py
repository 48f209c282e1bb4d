"""Every type DuckDB has: it is used, or it is told why not; and no value of it breaks a query."""

from __future__ import annotations

import math

import pytest

import adsql
from sql.support import RESULTS, raises, rows, saved_model, value

NUMBER = "its value"
CATEGORY = "rarity of its category"
NO_ENCODING = "has no encoding"
ROWS = 2_000
# type, an expression of i, how the model uses the column or why it does not
TYPES = {
    "tinyint": ("TINYINT", "i % 97", NUMBER),
    "smallint": ("SMALLINT", "i * i % 971", NUMBER),
    "integer": ("INTEGER", "i * i % 971", NUMBER),
    "bigint": ("BIGINT", "i * i % 971 * 1000000000000", NUMBER),
    "hugeint": ("HUGEINT", "i * i % 971 * 10000000000000000000000::HUGEINT", NUMBER),
    "utinyint": ("UTINYINT", "i % 97", NUMBER),
    "usmallint": ("USMALLINT", "i * i % 971", NUMBER),
    "uinteger": ("UINTEGER", "i * i % 971", NUMBER),
    "ubigint": ("UBIGINT", "18446744073709551615::UBIGINT - (i * i % 971)::UBIGINT * 10000000000", NUMBER),
    "uhugeint": ("UHUGEINT", "i * i % 971 * 10000000000000000000000::HUGEINT", NUMBER),
    "decimal_small": ("DECIMAL(4, 1)", "i * i % 971 / 10", NUMBER),
    "decimal_large": ("DECIMAL(38, 10)", "i * i % 971 / 7", NUMBER),
    "float": ("FLOAT", "sin(i)", NUMBER),
    "double": ("DOUBLE", "sin(i)", NUMBER),
    "boolean": ("BOOLEAN", "i % 7 = 0", NUMBER),
    "date": ("DATE", "DATE '2024-01-01' + (i % 365)::INTEGER", "day of the week"),
    "time": ("TIME", "TIME '00:00:00' + to_seconds(i * i % 86399)", NUMBER),
    "timetz": ("TIMETZ", "(TIME '00:00:00' + to_seconds(i * i % 86399))::TIMETZ", NUMBER),
    "timestamp": ("TIMESTAMP", "TIMESTAMP '2024-01-01' + to_minutes(i * 37)", "time of day"),
    "timestamp_s": ("TIMESTAMP_S", "TIMESTAMP '2024-01-01' + to_minutes(i * 37)", "time of day"),
    "timestamp_ms": ("TIMESTAMP_MS", "TIMESTAMP '2024-01-01' + to_minutes(i * 37)", "time of day"),
    "timestamp_ns": ("TIMESTAMP_NS", "TIMESTAMP '2024-01-01' + to_minutes(i * 37)", "time of day"),
    "timestamptz": ("TIMESTAMPTZ", "TIMESTAMP '2024-01-01' + to_minutes(i * 37)", "time of day"),
    "interval": ("INTERVAL", "to_minutes(i * i % 971)", NO_ENCODING),
    "uuid": ("UUID", "md5(i::VARCHAR)::UUID", "free text or a key"),
    "enumerated": ("mood", "['sad', 'ok', 'happy'][1 + i % 3]", CATEGORY),
    "varchar": ("VARCHAR", "'group ' || i % 5", CATEGORY),
    "pattern": ("VARCHAR", "if(i % 20 = 0, 'N/A', 'AB-' || i * 37)", "rarity of its pattern"),
    "free_text": ("VARCHAR", "translate(md5(i::VARCHAR), '0123456789', ' .,;:-_!?/')", "free text or a key"),
    "key": ("VARCHAR", "'AB-' || i * 37", "a key"),
    "number_key": ("INTEGER", "i", "a key"),
    "json": ("JSON", "'{\"a\": ' || i % 5 || '}'", CATEGORY),
    "bit": ("BIT", "(i % 4)::INTEGER::BIT", NO_ENCODING),
    "blob": ("BLOB", "encode('b' || i % 4)", NO_ENCODING),
    "list": ("INTEGER[]", "[i, i + 1]", NO_ENCODING),
    "array": ("INTEGER[2]", "[i, i + 1]", NO_ENCODING),
    "struct": ("STRUCT(a BIGINT, b VARCHAR)", "{'a': i, 'b': 'x'}", NO_ENCODING),
    "map": ("MAP(VARCHAR, BIGINT)", "MAP {'k': i}", NO_ENCODING),
    "union": ("UNION(num BIGINT, str VARCHAR)", "union_value(num := i)", NO_ENCODING),
    "bignum": ("BIGNUM", "i * i % 971", NO_ENCODING),
    "no_number": ("DOUBLE", "NULL", "every value is NULL"),
    "no_text": ("VARCHAR", "NULL", "every value is NULL"),
    "untyped": ('"NULL"', "NULL", "every value is NULL"),
    "only_nan": ("DOUBLE", "'NaN'", "every value is NULL"),
    "constant": ("INTEGER", "7", "constant"),
    "constant_text": ("VARCHAR", "'same'", "constant"),
}
USED = [
    name
    for name, (_, _, told) in TYPES.items()
    if told in (NUMBER, CATEGORY) or told.startswith(("time", "day", "rarity"))
]
NO_TEXT = ["interval", "list", "array", "struct", "map", "union", "bignum"]
UNUSED = [name for name in TYPES if name not in USED]


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    con = adsql.connect(tmp_path_factory.mktemp("types") / "types.db")
    con.execute("CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')")
    columns = ", ".join(f'({expression})::{kind} AS "{name}"' for name, (kind, expression, _) in TYPES.items())
    con.execute(f"CREATE TABLE everything AS SELECT {columns} FROM range({ROWS}) AS r(i)")
    rows(con, "SELECT train_model('everything', 'everything')")
    yield con
    con.close()


def test_a_table_of_every_type_is_detected_in_and_all_columns_come_back(everything):
    found = everything.sql("FROM detect_anomalies('everything')")
    assert found.columns == [*TYPES, *RESULTS]
    assert found.types[:-3] == everything.sql("FROM everything").types
    assert (
        value(everything, "SELECT count(*) FROM detect_anomalies('everything') WHERE isfinite(anomaly_score)") == ROWS
    )
    source = "SELECT * EXCLUDE (anomaly_score, severity, is_anomaly) FROM detect_anomalies('everything')"
    text = "SELECT s::VARCHAR FROM ({}) AS s"
    assert rows(everything, text.format(source)) == rows(everything, text.format("FROM everything"))


@pytest.mark.parametrize("name", TYPES)
def test_model_info_tells_how_a_column_is_used_or_why_it_is_not(everything, name):
    told = rows(
        everything,
        "SELECT section, value FROM model_info('everything') WHERE name = $1 OR starts_with(name, $1 || ':')",
        [name],
    )
    assert {section for section, _ in told} == {"feature" if name in USED else "left out"}
    assert any(TYPES[name][2] in text for _, text in told)


@pytest.mark.parametrize("name", USED)
def test_a_column_of_each_used_type_is_enough(everything, name):
    query = f'SELECT "{name}" FROM everything'
    everything.execute(f"CREATE OR REPLACE TEMP VIEW one AS {query}")
    assert value(everything, "SELECT count(anomaly_score) FROM detect_anomalies('one')") == ROWS
    rows(everything, "SELECT train_model('one', 'one', 'mad')")
    by_row = rows(everything, "SELECT anomaly_score('one', one) FROM one")
    assert rows(everything, f"SELECT anomaly_score('one', \"{name}\") FROM one") == by_row
    by_table = rows(everything, "SELECT anomaly_score FROM detect_anomalies('one', model => 'one')")
    assert [score for (score,) in by_table] == pytest.approx([score for (score,) in by_row], rel=1e-9)
    assert all(math.isfinite(score) for (score,) in by_row)


@pytest.mark.parametrize("name", [name for name in UNUSED if TYPES[name][2] != "constant"])
def test_a_column_of_no_use_is_refused_alone_with_the_reason(everything, name):
    with raises("ADSQL_NO_USABLE_COLUMN", f"{name} (", TYPES[name][2]):
        rows(everything, "FROM detect_anomalies($1)", [f'SELECT "{name}" FROM everything'])


@pytest.mark.parametrize("name", ["constant", "constant_text"])
def test_constants_alone_are_enough_to_find_nothing(everything, name):
    everything.execute(f'CREATE OR REPLACE TEMP VIEW one AS SELECT "{name}" FROM everything')
    assert rows(everything, "SELECT DISTINCT is_anomaly FROM detect_anomalies('one')") == [(False,)]


@pytest.mark.parametrize("name", [name for name in UNUSED if TYPES[name][2] in (NO_ENCODING, "every value is NULL")])
def test_a_column_that_cannot_be_used_is_refused_when_asked_for(everything, name):
    with raises("ADSQL_UNUSABLE_COLUMN", f"'{name}'", TYPES[name][2]):
        rows(everything, "FROM detect_anomalies('everything', columns => ['integer', $1])", [name])


@pytest.mark.parametrize("name", ["key", "number_key", "free_text", "uuid", "constant"])
def test_a_column_that_is_only_left_out_by_itself_is_used_when_asked_for(everything, name):
    query = "SELECT count(anomaly_score) FROM detect_anomalies('everything', columns => [$1])"
    assert value(everything, query, [name]) == ROWS


SEGMENTS = """
SELECT chosen.value AS segment, other
FROM (SELECT (row_number() OVER ()) % 3 AS n, integer AS other FROM everything)
JOIN (SELECT (row_number() OVER ()) - 1 AS n, "{}" AS value FROM everything LIMIT 3) AS chosen USING (n)
"""


@pytest.mark.parametrize("name", [name for name in TYPES if name not in NO_TEXT])
def test_segments_are_made_of_every_type_that_has_a_text(everything, name):
    everything.execute(f"CREATE OR REPLACE TEMP VIEW split AS {SEGMENTS.format(name)}")
    rows(everything, "SELECT train_model('split', 'split', 'mad', columns => 'other', segment_by => 'segment')")
    distinct = value(everything, "SELECT count(DISTINCT coalesce(segment::VARCHAR, '')) FROM split")
    assert value(everything, "SELECT n_segments FROM models() WHERE name = 'split' AND is_newest") == distinct
    assert value(everything, "SELECT count(anomaly_score('split', split)) FROM split") == ROWS


@pytest.mark.parametrize("name", NO_TEXT)
def test_segments_of_a_type_without_a_text_are_refused(everything, name):
    query = "FROM detect_anomalies($1, 'mad', columns => 'other', segment_by => 'segment')"
    with raises("ADSQL_UNUSABLE_COLUMN", "has no text"):
        rows(everything, query, [SEGMENTS.format(name)])


@pytest.mark.parametrize(
    ("trained", "scored"),
    [
        ("i::INTEGER", "i::DOUBLE"),
        ("i::DOUBLE", "i::DECIMAL(12, 2)"),
        ("i::DECIMAL(9, 1)", "i::HUGEINT"),
        ("i % 2 = 0", "(i % 2 = 0)::TINYINT"),
        ("TIMESTAMP '2024-01-01' + to_hours(i * 5)", "(TIMESTAMP '2024-01-01' + to_hours(i * 5))::TIMESTAMP_NS"),
        ("['a', 'b'][1 + i % 2]", "['a', 'b'][1 + i % 2]::ENUM('b', 'a')"),
    ],
)
def test_types_of_one_kind_replace_each_other(kept, trained, scored):
    source = "SELECT {} AS x, (hash(i) % 100)::DOUBLE AS y FROM (SELECT i * i % 97 AS i FROM range(200) AS r(i))"
    kept.execute(f"CREATE TEMP VIEW trained AS {source.format(trained)}")
    kept.execute(f"CREATE TEMP VIEW scored AS {source.format(scored)}")
    rows(kept, "SELECT train_model('m', 'trained')")
    assert rows(kept, "SELECT anomaly_score('m', s) FROM scored AS s") == rows(
        kept, "SELECT anomaly_score('m', t) FROM trained AS t"
    )


def test_a_time_zone_of_the_session_does_not_change_a_model(everything):
    content = "SELECT content_hash FROM fit_model('m', 'everything')"
    first = value(everything, content)
    everything.execute("SET TimeZone = 'America/New_York'")
    try:
        assert value(everything, content) == first
    finally:
        everything.execute("RESET TimeZone")


MISSING = "CASE i WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN 'inf' WHEN 3 THEN '-inf' WHEN 4 THEN 1e308 WHEN 5 THEN -1e308 ELSE {} END::DOUBLE"


def test_rows_with_null_nan_and_infinities_have_finite_scores(con):
    con.execute(f"CREATE TABLE t AS SELECT i, {MISSING.format('sin(i)')} AS x, cos(i) AS y FROM range(500) AS r(i)")
    for algorithm in ("auto", "knn", "iforest", "ecod", "hbos", "mad", "iqr", "zscore"):
        rows(con, f"SELECT train_model('{algorithm}', 't', '{algorithm}', columns => ['x', 'y'])")
        scores = dict(rows(con, f"SELECT i, anomaly_score FROM detect_anomalies('t', model => '{algorithm}')"))
        assert all(math.isfinite(score) for score in scores.values())
        middle = sorted(scores.values())[250]
        assert min(scores[2], scores[3]) >= middle, "an infinity is the largest value there is, not a missing one"


def test_null_and_nan_are_the_same_missing_value(con):
    con.execute(
        f"CREATE TABLE t AS SELECT i, {MISSING.format('sin(i)')} AS x, cos(1 + i // 2) AS y FROM range(500) AS r(i)"
    )
    rows(con, "SELECT train_model('m', 't', columns => ['x', 'y'])")
    null, nan = rows(con, "SELECT detect_anomalies('m', x, y) FROM t WHERE i < 2 ORDER BY i")
    assert null == nan
    both = {"anomaly_score": None, "severity": None, "is_anomaly": None}
    for missing in ("NULL, NULL", "'NaN'::DOUBLE, NULL", "'NaN'::DOUBLE, 'NaN'::DOUBLE"):
        assert value(con, f"SELECT detect_anomalies('m', {missing})") == both
    assert value(con, "SELECT detect_anomalies('m', NULL::STRUCT(x DOUBLE, y DOUBLE))") == both


def test_a_sparse_column_is_used_with_what_it_has(con):
    con.execute("ALTER TABLE trips ADD COLUMN tip DOUBLE")
    con.execute("UPDATE trips SET tip = id % 7 WHERE id % 50 = 0")
    rows(con, "SELECT train_model('m', 'trips')")
    assert "tip" in saved_model(con, "m").positional_columns
    assert value(con, "SELECT count(anomaly_score('m', t)) FROM trips AS t") == 501


def test_an_empty_column_of_a_file_is_one_of_missing_values(con, tmp_path):
    (tmp_path / "empty.csv").write_text("fare,km,kind,started\n" + ",7,day,2024-01-01 00:00:00\n" * 3)
    found = con.sql(f"FROM detect_anomalies('{tmp_path}/empty.csv', model => 'fares')")
    assert found.types[0] == "VARCHAR"
    assert [row[-3] is None for row in found.fetchall()] == [False] * 3
