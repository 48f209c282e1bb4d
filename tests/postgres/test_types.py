"""Every built-in type as a column: read alike by all paths, or told why it is not used."""

from __future__ import annotations

import math
from typing import Any

import pytest

from postgres.support import raises, rows, value

ROWS = 120
NUMBER = "its value"
CATEGORY = "rarity of its category"
NO_ENCODING = "has no encoding"
NONE = "every value is NULL"
# name: type, an expression of i, what model_info tells
TYPES = {
    "small": ("smallint", "i * i % 97", NUMBER),
    "whole": ("integer", "i * i % 971", NUMBER),
    "big": ("bigint", "i * i % 971 * 1000000000000", NUMBER),
    "huge": ("bigint", "9223372036854775807 - i * i % 971", NUMBER),
    "price": ("numeric(10, 2)", "i * i % 971 / 7.0", NUMBER),
    "integral": ("numeric(12, 0)", "i * i % 971", NUMBER),
    "enormous": ("numeric(38, 0)", "(i * i % 971) * 1e34", NUMBER),
    "free": ("numeric", "CASE WHEN i = 5 THEN 'NaN' WHEN i = 6 THEN 'Infinity' WHEN i = 7 THEN '-Infinity' ELSE i * i % 971 / 7.0 END", NUMBER),
    "extreme": ("numeric", "CASE i % 5 WHEN 0 THEN i * 1e-400 WHEN 1 THEN i * 1e305 WHEN 2 THEN -i * 1e307 ELSE i * i % 97 END", NUMBER),
    "single": ("real", "CASE WHEN i = 9 THEN 'NaN' ELSE sin(i) END", NUMBER),
    "double": ("double precision", "CASE i WHEN 11 THEN 'NaN' WHEN 12 THEN 'inf' WHEN 13 THEN '-inf' ELSE sin(i) END", NUMBER),
    "flag": ("boolean", "i % 7 = 0", NUMBER),
    "category": ("text", "'group ' || i % 5", CATEGORY),
    "wide": ("varchar(20)", "'grüppe ' || i % 5", CATEGORY),
    "padded": ("char(9)", "'group ' || i % 5", CATEGORY),
    "single_char": ('"char"', "chr(65 + i % 4)", CATEGORY),
    "identifier": ("name", "'group ' || i % 5", CATEGORY),
    "mood": ("mood", "(ARRAY['sad', 'ok', 'happy'])[1 + i % 3]", CATEGORY),
    "long_text": ("text", "repeat(chr(65 + i % 3), 20000)", CATEGORY),
    "day": ("date", "CASE i WHEN 15 THEN 'infinity' WHEN 16 THEN '-infinity' ELSE DATE '2024-01-01' + i % 365 END", "day of the week"),
    "moment": ("timestamp", "CASE i WHEN 17 THEN 'infinity' WHEN 18 THEN '-infinity' ELSE TIMESTAMP '2024-01-01' + i * INTERVAL '37 minutes' END", "time of day"),
    "instant": ("timestamptz", "CASE i WHEN 19 THEN 'infinity' ELSE TIMESTAMP '2024-01-01' + i * INTERVAL '37 minutes' END", "time of day"),
    "clock": ("time", "CASE i WHEN 20 THEN TIME '24:00' ELSE TIME '00:00' + i * INTERVAL '13 minutes' END", NUMBER),
    "domain": ("positive", "i * i % 971", NUMBER),
    "nested": ("percentage", "i * i % 97", NUMBER),
    "words": ("short_text", "'group ' || i % 5", CATEGORY),
    "document": ("json", "'{\"a\": 1}'", NO_ENCODING),
    "binary_document": ("jsonb", "'{\"a\": 1}'", NO_ENCODING),
    "list": ("integer[]", "ARRAY[i, 2]", NO_ENCODING),
    "key": ("uuid", "md5(i::text)", NO_ENCODING),
    "bytes": ("bytea", "'\\x00'", NO_ENCODING),
    "address": ("inet", "'127.0.0.1'", NO_ENCODING),
    "duration": ("interval", "i * INTERVAL '1 minute'", NO_ENCODING),
    "zoned_clock": ("timetz", "'12:00+02'", NO_ENCODING),
    "span": ("int4range", "int4range(1, 5)", NO_ENCODING),
    "bits": ("bit(4)", "(i % 8)::bit(4)", NO_ENCODING),
    "amount": ("money", "i", NO_ENCODING),
    "composite": ("pair", "ROW(i, 'x')", NO_ENCODING),
    "no_number": ("double precision", "NULL", NONE),
    "no_text": ("text", "NULL", NONE),
    "only_nan": ("double precision", "'NaN'", NONE),
}  # fmt: skip
USED = [name for name, (_, _, told) in TYPES.items() if told not in (NO_ENCODING, NONE)]
# As JSON a real is the decimal number that it is shown as, and char(n) has its blanks: neither says what it was.
NOT_IN_JSON = ("single", "padded")
NUMBERS = [name for name in USED if TYPES[name][2] == NUMBER and name not in ("clock", "extreme")]
RESULTS = "anomaly_score, severity, is_anomaly"
EVERYTHING = """
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE pair AS (a integer, b text);
CREATE DOMAIN positive AS numeric(12, 2) CHECK (VALUE >= 0);
CREATE DOMAIN percentage AS positive CHECK (VALUE <= 100);
CREATE DOMAIN short_text AS varchar(20);
"""


@pytest.fixture(scope="module")
def everything(postgres):
    """A connection to a database with a table of every type; its odd rows have NULLs."""
    postgres.database("types")
    with postgres.connect(dbname="types") as con:
        con.prepare_threshold = None  # a prepared `NULL::split` keeps the type of a table that is made anew
        con.execute(EVERYTHING)
        columns = ", ".join(f'"{name}" {kind}' for name, (kind, _, _) in TYPES.items())
        con.execute(f"CREATE TABLE everything (id integer, {columns})")
        made = ", ".join(
            f"CASE WHEN i % 41 = 40 THEN NULL ELSE ({text})::text::{kind} END" for kind, text, _ in TYPES.values()
        )
        con.execute(f"INSERT INTO everything SELECT i, {made} FROM generate_series(0, {ROWS - 1}) AS s(i)")
        con.execute("SELECT train_model('every', 'everything', algorithm => 'mad')")
        yield con


def same(found: Any, wanted: Any) -> None:
    """Assert the same ids and results, bit for bit."""
    assert len(found) == ROWS
    assert found == wanted
    assert all(row[1] is None or math.isfinite(row[1]) for row in found)


def paths(model: str, source: str) -> dict[str, str]:
    """Return all ways to score a table by a saved model, each in the order of ids."""
    row = f"SELECT id, d.* FROM {{}} AS t CROSS JOIN LATERAL detect_anomalies('{model}', {{}}) AS d ORDER BY id"
    return {
        "typed": f"SELECT (d.row).id, {RESULTS} FROM detect_anomalies(NULL::{source}, model => '{model}') AS d ORDER BY 1",
        "json": f"SELECT (d.row ->> 'id')::int, {RESULTS} FROM detect_anomalies('{source}', model => '{model}') AS d ORDER BY 1",
        "row": row.format(source, "t"),
        "row of a subquery": row.format(f"(SELECT * FROM {source} OFFSET 0)", "t"),
        "row as jsonb": row.format(source, "to_jsonb(t)"),
    }


@pytest.mark.parametrize("name", TYPES)
def test_model_info_tells_how_a_column_is_used_or_why_it_is_not(everything, name):
    told = rows(
        everything,
        "SELECT section, value FROM model_info('every') WHERE name = %(name)s OR starts_with(name, %(name)s || ':')",
        {"name": name},
    )
    assert {section for section, _ in told} == {"feature" if name in USED else "left out"}
    assert any(TYPES[name][2] in text for _, text in told)


@pytest.mark.parametrize("name", USED)
def test_all_paths_give_the_same_for_a_column_of_each_type(everything, name):
    everything.execute(f'CREATE OR REPLACE VIEW one AS SELECT id, "{name}" FROM everything')
    try:
        everything.execute(f"SELECT train_model('one', 'one', algorithm => 'mad', columns => ARRAY['{name}'])")
        query = paths("one", "one")
        if name in NOT_IN_JSON:
            del query["row as jsonb"]
        wanted = rows(everything, query.pop("typed"))
        trained = f"SELECT (d.row).id, {RESULTS} FROM detect_anomalies(NULL::one, algorithm => 'mad', columns => ARRAY['{name}']) AS d ORDER BY 1"
        same(rows(everything, trained), wanted)
        for text in query.values():
            same(rows(everything, text), wanted)
        assert value(everything, "SELECT create_detection_view('seen', 'one', 'one')") == '"seen"'
        same(rows(everything, f"SELECT id, {RESULTS} FROM seen ORDER BY id"), wanted)
        everything.execute("DROP VIEW seen")
        if name in NUMBERS:
            given = f't."{name}"' if name != "flag" else 't."flag"::int'
            by_position = f"SELECT id, anomaly_score('one', {given}::float8), severity('one', {given}::float8), is_anomaly('one', {given}::float8) FROM one AS t ORDER BY id"
            same(rows(everything, by_position), wanted)
    finally:
        everything.execute("DROP VIEW IF EXISTS seen; DROP VIEW one")


@pytest.mark.parametrize("algorithm", ["ecod", "iforest", "zscore"])
def test_all_paths_give_the_same_for_all_columns_together(everything, algorithm):
    used = [name for name in USED if name not in NOT_IN_JSON]
    everything.execute(f"SELECT train_model('all', 'everything', algorithm => '{algorithm}', columns => ARRAY{used})")
    query = paths("all", "everything")
    wanted = rows(everything, query.pop("typed"))
    for text in query.values():
        same(rows(everything, text), wanted)


@pytest.mark.parametrize("name", [name for name in USED if name != "long_text"])
def test_all_paths_find_the_segments_of_each_type(everything, name):
    everything.execute(f"""
        CREATE TABLE split AS
        SELECT e.id, e.whole, v.value AS part
        FROM everything AS e
        JOIN (SELECT row_number() OVER (ORDER BY id) - 1 AS n, "{name}" AS value FROM everything WHERE id BETWEEN 14 AND 20 OR id = 40) AS v
            ON e.id % 8 = v.n
    """)
    try:
        everything.execute(
            "SELECT train_model('split', 'split', algorithm => 'mad', columns => ARRAY['whole'], segment_by => ARRAY['part'])"
        )
        query = paths("split", "split")
        if name in NOT_IN_JSON:
            del query["row as jsonb"]
        wanted = rows(everything, query.pop("typed"))
        for text in query.values():
            same(rows(everything, text), wanted)
        assert sum(row[1] is not None for row in wanted) > ROWS * 0.8
    finally:
        everything.execute("DROP TABLE split")


def test_tables_with_dropped_and_generated_columns_are_read(everything):
    everything.execute("""
        CREATE TABLE changed (gone integer, id integer, x integer, also_gone text, doubled integer GENERATED ALWAYS AS (x * 2) STORED);
        INSERT INTO changed (id, x) SELECT id, whole FROM everything;
        ALTER TABLE changed DROP COLUMN gone, DROP COLUMN also_gone;
    """)
    everything.execute("SELECT train_model('changed', 'changed', algorithm => 'mad')")
    assert value(everything, "SELECT n_features FROM models() WHERE name = 'changed'") == 2
    query = paths("changed", "changed")
    wanted = rows(everything, query.pop("typed"))
    for text in query.values():
        same(rows(everything, text), wanted)


def test_types_of_one_kind_replace_each_other_in_a_row(everything):
    everything.execute(
        "SELECT train_model('kinds', 'SELECT whole AS x, category AS c FROM everything', algorithm => 'mad')"
    )
    wanted = rows(
        everything,
        "SELECT anomaly_score('kinds', t) FROM (SELECT id, whole AS x, category AS c FROM everything) AS t ORDER BY id",
    )
    for kind in ("bigint", "numeric", "numeric(12, 0)", "double precision", "real", "positive"):
        cast = f"SELECT id, whole::{kind} AS x, category::varchar AS c FROM everything"
        assert rows(everything, f"SELECT anomaly_score('kinds', t) FROM ({cast}) AS t ORDER BY id") == wanted
    with raises("ADSQL_COLUMN_TYPE_CHANGED", "'x'", sqlstate="42804"):
        rows(
            everything,
            "SELECT anomaly_score('kinds', t) FROM (SELECT category AS x, category AS c FROM everything) AS t",
        )


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Kiritimati"])
def test_the_time_zone_and_other_settings_of_a_session_change_nothing(everything, zone):
    everything.execute(
        "SELECT train_model('zoned', 'SELECT id, instant, moment, \"double\" FROM everything', algorithm => 'mad')"
    )
    content = "SELECT content_hash FROM models() WHERE name = 'zoned' AND is_newest"
    query = paths("zoned", "everything")
    first, wanted = value(everything, content), {path: rows(everything, text) for path, text in query.items()}
    settings = "SET datestyle = 'German, DMY'; SET bytea_output = 'escape'; SET extra_float_digits = 0"
    everything.execute(f"SET timezone = '{zone}'; {settings}")
    try:
        everything.execute(
            "SELECT train_model('zoned', 'SELECT id, instant, moment, \"double\" FROM everything', algorithm => 'mad')"
        )
        assert value(everything, content) == first
        exact = everything.cursor(binary=True)  # as text, the results would lose their digits too
        assert exact.execute(query.pop("row as jsonb")).fetchall() != wanted.pop("row as jsonb"), (
            "its page says that digits get lost"
        )
        for path, text in query.items():
            assert exact.execute(text).fetchall() == wanted[path], path
        everything.execute("RESET extra_float_digits")
        assert rows(everything, paths("zoned", "everything")["row as jsonb"]) == wanted["row"]
    finally:
        everything.execute("RESET timezone; RESET datestyle; RESET bytea_output; RESET extra_float_digits")
