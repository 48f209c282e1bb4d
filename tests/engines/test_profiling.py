"""profile_data and suggest_detectors: what the library says of the rows that are in the database."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from adsql import profiling
from adsql.arrow import Kind, kind_of, missing, to_float64
from adsql.profiling import Figures, profile
from adsql.suggestions import suggest_detectors
from engines.tables import TABLES

PROFILE = "SELECT column_name, rows, nulls, null_rate, distinct_values, minimum, q25, median, q75, maximum, outliers, findings, suggested_use, reason FROM profile_data({})"
SUGGESTED = "SELECT rank, algorithm, reason FROM suggest_detectors({})"


def whole(table):
    """What the databases count, counted the slow way."""
    fences = profiling.fences(table)
    found = {}
    for name, column in table.items():
        there = column.filter(pa.array(~missing(column)))
        values = there.to_pylist()
        extremes = [min(values), max(values)] if values else []
        outliers = None
        if name in fences:
            low, high = fences[name]
            outliers = sum(not low <= number <= high for number in to_float64(there))
        found[name] = Figures("", len(values), outliers, pa.array(extremes, column.type))
    return found


@pytest.mark.parametrize("name", TABLES)
def test_the_profile_is_the_library_s(shared, name):
    table = TABLES[name]()
    n = len(table["id"])
    expected = [(one.column_name, *one[2:]) for one in profile(table, n, whole(table))]
    assert shared.rows(PROFILE.format(f"'{name}'")) == expected


@pytest.mark.parametrize("name", TABLES)
def test_detectors_are_suggested_as_by_the_library(shared, name):
    table = TABLES[name]()
    expected = [tuple(one) for one in suggest_detectors(table, len(table["id"]))]
    assert shared.rows(SUGGESTED.format(f"'{name}'")) == expected


def test_types_are_the_database_s_own(shared):
    found = dict(shared.rows("SELECT column_name, lower(type) FROM profile_data('SELECT id, kind FROM trips')"))
    assert found["id"] == "integer"
    assert found["kind"] in ("varchar", "text")


def test_counts_and_extremes_are_those_of_all_rows_of_a_large_source(engine):
    n = 60_000
    rng = np.random.default_rng(3)
    x = rng.normal(size=n)
    x[[17, 30_001, 59_999]] = [-500.0, 400.0, 1e300]
    x[30_000] = 900.0  # one of the rows without a value
    engine.create("large", {
        "id": pa.array(range(n), pa.int64()), "x": pa.array([None if i % 10 == 0 else float(v) for i, v in enumerate(x)]),
        "k": pa.array([f"k{i % 7}" for i in range(n)]),
    })  # fmt: skip
    found = {row[0]: row[1:] for row in engine.rows(PROFILE.format("'large'"))}
    assert found["x"][:3] == (n, 6_000, 0.1)
    assert (found["x"][4], found["x"][8], found["x"][9]) == ("-500", "1e+300", 3)
    assert found["id"][3:5] == (n, "0")
    assert (found["id"][8], found["id"][11]) == ("59999", "key")
    assert found["k"][3] == 7


def test_odd_names_and_a_column_of_no_type_are_columns_too(shared):
    query = 'SELECT 1.5 AS fences, 2 AS "groups", 3 AS "it""s", NULL AS nothing UNION ALL SELECT 2.5, 2, 4, NULL'
    found = {row[0]: row[1:] for row in shared.rows(PROFILE.format(f"'{query}'"))}
    assert list(found) == ["fences", "groups", 'it"s', "nothing"]
    assert [found[name][4] for name in found] == ["1.5", "2", "3", None]
    assert found["groups"][10] == ["constant"]
    assert found["nothing"][1:3] == (2, 1.0)


@pytest.mark.parametrize("function", ["profile_data", "suggest_detectors"])
@pytest.mark.parametrize(
    ("source", "code", "fragment"),
    [
        ("'nope'", "UNKNOWN_SOURCE", "'nope'"),
        ("'DROP TABLE trips'", "INVALID_SOURCE", "DROP"),
        ("CAST(NULL AS text)", "INVALID_SOURCE", "source = None"),
        ("'SELECT * FROM trips WHERE km > 1000000'", "EMPTY_SOURCE", "no rows"),
        ("'SELECT * FROM trips WHERE false'", "EMPTY_SOURCE", "no rows"),
    ],
)
def test_what_is_wrong_is_told(shared, function, source, code, fragment):
    with shared.raises(code, fragment):
        shared.rows(f"SELECT * FROM {function}({source})")


def test_nothing_to_learn_from_is_told(shared):
    with shared.raises("NO_USABLE_COLUMN", "a key"):
        shared.rows(SUGGESTED.format("'SELECT id FROM trips'"))


def test_kinds_of_the_tables_cover_all_that_a_database_has():
    kinds = {kind_of(column.type) for table in TABLES.values() for column in table().values()}
    assert kinds >= {Kind.NUMBER, Kind.TEXT, Kind.TIMESTAMP, Kind.DATE}
