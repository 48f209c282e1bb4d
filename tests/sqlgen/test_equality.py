"""Generated SQL, run by real databases, gives the library's scores."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from decimal import Decimal
from functools import cache, partial
from math import inf, nan

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from adsql.model import Model
from adsql.options import TrainingOptions
from sample_tables import AWKWARD, CONSTANT, mixed, normal, taken
from sqlgen.databases import assert_equal, in_duckdb, in_postgres, in_sqlite
from sqlgen.parameters import SMALL

TIMES = ("at", "day")
NUMBERS = st.one_of(st.none(), st.floats(), st.floats(-100, 100), st.sampled_from([0.0, 1.0, 2.5, 1e9, -1e150, 5e-324]))
COLUMNS = st.integers(2, 12).flatmap(
    lambda n: st.lists(st.lists(NUMBERS, min_size=n, max_size=n), min_size=1, max_size=3)
)


def trained(algorithm, table, columns=None):
    """Train a model, once for all databases that are asked about it."""
    batch = pa.record_batch(table)
    schema, rows = batch.schema.serialize().to_pybytes(), batch.serialize().to_pybytes()
    return _trained(algorithm.spec.name, schema, rows, columns and tuple(columns))


@cache
def _trained(name, schema, rows, columns):
    batch = pa.ipc.read_record_batch(rows, pa.ipc.read_schema(pa.py_buffer(schema)))
    options = TrainingOptions.parse(name, params=SMALL.get(name), columns=columns and list(columns))
    return Model.fit(dict(zip(batch.schema.names, batch.columns, strict=True)), options)


def without_times(table):
    return {name: column for name, column in table.items() if name not in TIMES}


def check(database, model, table):
    assert_equal(database(model, table), model.score(table), model.threshold)


def test_numbers_booleans_decimals_and_categories(database, formula):
    model = trained(formula, without_times(mixed(400)))
    check(database, model, without_times(mixed(1_500, seed=1)))


SPECIAL = {
    "amount": pa.array([None, nan, inf, -inf, 1e300, -1e300, 5e-324, 0.0, -0.0, None]),
    "flag": pa.array([None, True, False, None, True, True, True, False, True, None]),
    "tips": pa.array([None, nan, nan, -inf, inf, 1e-300, -1e-310, 0.0, 1.0, nan]),
    "count": pa.array([None, 0, 2**62, -(2**62), 1, 1, 2, 3, 4, None], pa.int64()),
    "price": pa.array([None, None, *map(Decimal, ["99999999.99", "-1.00", "0.01", "3", "4", "5", "6"]), None], pa.decimal128(10, 2)),
    "city": pa.array([None, "Bern", "bern", "", "Rome ", "it's", 'a "b"', "a\\b", "Oslo", None]),
}  # fmt: skip


def test_missing_infinite_and_huge_values_unknown_categories_and_empty_rows(database, formula):
    model = trained(formula, without_times(mixed(400)))
    expected = model.score(SPECIAL)
    assert expected.present.tolist() == [False] + [True] * 8 + [False]
    assert_equal(database(model, SPECIAL), expected, model.threshold)


@cache
def awkward(algorithm, name):
    """Return a model and its table, which all databases are asked about."""
    table = without_times(AWKWARD[name]())
    few = taken(table, range(40)) if name == "forty_columns" else table  # of more rows, ecod has too many steps
    return trained(algorithm, few), table


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_tables(database, formula, name):
    check(database, *awkward(formula, name))


@pytest.mark.parametrize(
    ("algorithm", "params"),
    [
        ("cblof", {"n_clusters": 2}),
        ("gmm", {"n_components": 1}),
        ("gmm", {"n_components": 7, "reg_covar": 1e-5}),
        ("pca", {"n_selected_components": 2}),
        ("pca", {"standardization": False}),
        ("ensemble", {"detectors": ["gmm", "pca"], "combination": "maximum"}),
    ],
)
def test_parameters_that_change_the_formula(database, algorithm, params):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 4)) @ rng.normal(size=(4, 4)) + rng.choice([0.0, 30.0, -1e3], (500, 1))
    X[:5] *= 1e9
    table = {f"x{j}": pa.array(column) for j, column in enumerate(np.column_stack([X, X.sum(axis=1)]).T)}
    check(database, Model.fit(table, TrainingOptions.parse(algorithm, params=params)), table)


@pytest.mark.parametrize("name", CONSTANT)
def test_constant_tables(database, formula, name):
    table = CONSTANT[name]()
    check(database, trained(formula, table), table)


def test_rows_far_from_a_column_that_never_varied(database, formula):
    table = CONSTANT["two_rows"]()
    check(database, trained(formula, table), {"x": pa.array([3.0, 1e300, -1e9]), "y": pa.array([4.0, 3.0, 3.0])})


def _read_exactly(values):
    """Return whether SQLite reads numbers from texts as they are: of those near 1e-300 it misses some by a bit."""
    with closing(sqlite3.connect(":memory:")) as con:
        return all(con.execute(f"SELECT {value!r} = ?", [value]).fetchone() == (1,) for value in values)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(COLUMNS, COLUMNS)
def test_any_numbers(database, formula, training, scored):
    table = {f"x{j}": pa.array(column, pa.float64()) for j, column in enumerate(training)}
    columns = [
        f"x{j}"
        for j, column in enumerate(training)
        if not set(column) <= {None} and not np.isnan(np.array(column, float)).all()
    ]
    if not columns:
        return
    model = trained(formula, table, columns=columns)
    if database is in_sqlite:
        assume(_read_exactly({value for value in set().union(*training) - {None} if np.isfinite(value)}))
    rows = {name: pa.array(scored[j % len(scored)], pa.float64()) for j, name in enumerate(table)}
    for part in (table, rows):
        check(database, model, part)


def test_categories_that_need_quotes(database, formula):
    words = ["it's", 'a "quoted" word', "back\\slash", "new\nline", "', 1); DROP TABLE x; --", "Ünïcode ✓", "", " "]
    table = {"c": pa.array(words * 20 + ["rare's"])}
    check(database, trained(formula, table), {"c": pa.array([*words, "it''s", "rare's", None])})


def test_categories_lie_on_the_very_steps_that_they_made(database):
    for first in range(73, 82):
        table = {"c": pa.array(["day"] * first + ["noon"] * 37 + ["night"] * 38 + ["moon"])}
        check(database, Model.fit(table, TrainingOptions.parse("ecod")), table)


def test_columns_whose_names_need_quotes(database, formula):
    names = ['we"ird', "select", "two words", "it's", "back\\slash", "Ünï", "semi;colon--", "source", "x.y"]
    values = list(normal(100, len(names)).values())
    table = dict(zip(names, values, strict=True))
    check(database, trained(formula, table), table)


def test_columns_that_are_not_used_are_returned(formula):
    table = {"id": pa.array(range(100)), **normal(100, 2), "note": pa.array(["free text"] * 100)}
    check(in_duckdb, trained(formula, table), table)


def times(n, seed):
    rng = np.random.default_rng(seed)
    start = dt.datetime(2024, 1, 1)  # noqa: DTZ001 - a column without a zone
    at = [start + dt.timedelta(microseconds=int(us)) for us in rng.integers(0, 40 * 86_400_000_000, n)]
    return {
        "at": pa.array(at, pa.timestamp("us")),
        "zoned": pa.array([*at[1:], at[0]], pa.timestamp("us", tz="UTC")),
        "old": pa.array([value.replace(year=1931) for value in at], pa.timestamp("us")),
        "day": pa.array([None if i % 9 == 0 else value.date() for i, value in enumerate(at)], pa.date32()),
        "clock": pa.array([value.time() for value in reversed(at)], pa.time64("us")),
    }


def test_times_and_dates(database_with_times, formula):
    model = trained(formula, times(120, 0))
    check(database_with_times, model, times(1_000, 1))
    check(database_with_times, model, times(120, 0))
    check(database_with_times, model, {column: pa.nulls(2, values.type) for column, values in times(2, 0).items()})


def test_times_of_day_are_those_of_utc_whatever_the_zone_of_the_session(postgres_connection, formula):
    table = {"zoned": times(400, 0)["zoned"]}
    postgres_connection.execute("SET TIME ZONE 'Asia/Tokyo'")
    try:
        check(partial(in_postgres, con=postgres_connection), trained(formula, table), table)
    finally:
        postgres_connection.execute("RESET TIME ZONE")


@pytest.mark.parametrize("encoding", ["value", "boolean", "integer"])
def test_rows_do_not_depend_on_each_other(database, formula, encoding):
    kinds = {
        "value": pa.array([0.5, 1.5, 2.5, 50.0] * 10),
        "boolean": pa.array([True, False, False, None] * 10),
        "integer": pa.array([0, 1, 0, 0] * 10, pa.int8()),
    }
    model = trained(formula, {"x": kinds[encoding]})
    for row in range(4):
        check(database, model, taken({"x": kinds[encoding]}, [row]))
