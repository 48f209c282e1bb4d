"""Models of segments: each row is scored by its own, in SQL as in the library."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import partial

import numpy as np
import pyarrow as pa
import pytest

from adsql.errors import NoSqlForm
from adsql.model import Model
from adsql.options import TrainingOptions
from adsql.sqlgen import model_sql
from adsql.sqlgen.dialects import DIALECTS
from sqlgen.databases import assert_equal, in_duckdb, in_postgres

N = 240
DIALECT_NAMES = [dialect.name for dialect in DIALECTS]


def shops(n=N, seed=0):
    """Three shops of different sizes, one of which sells something else, and one without a name."""
    rng = np.random.default_rng(seed)
    names = [["north", "it's south", None, "west"][i % 4] for i in range(n)]
    return {
        "shop": pa.array(names),
        "sales": pa.array([rng.normal(10 if name == "north" else 1_000, 3) for name in names]),
        # Constant in one shop, hence left out of its features.
        "items": pa.array([5 if name == "west" else int(rng.integers(1, 9)) for name in names]),
        "kind": pa.array([["food", "books", None][int(rng.integers(3))] for _ in names]),
    }


def model_of(table, segment_by, algorithm="mad", **options):
    return Model.fit(table, TrainingOptions.parse(algorithm, segment_by=segment_by, **options))


def check(database, model, table):
    expected = model.score(table)
    scores, verdicts = database(model, table)
    assert_equal((scores, verdicts), expected, np.inf)
    known = [v for v in verdicts if v is not None]
    np.testing.assert_array_equal(known, expected.is_anomaly[expected.present])


@pytest.mark.parametrize("algorithm", ["zscore", "hbos", "iqr"])
def test_each_row_has_the_score_of_its_segment(database, algorithm):
    model = model_of(shops(), ["shop"], algorithm, contamination=0.05)
    assert len({len(segment.features.features) for segment in model.segments.values()}) > 1
    check(database, model, shops(seed=1))


def test_rows_of_unknown_and_skipped_segments_have_no_score(database):
    table = shops()
    table["shop"] = pa.array([*table["shop"].to_pylist()[:-1], "one row only"])
    model = model_of(table, ["shop"])
    assert list(model.skipped) == ["one row only"]
    rows = shops(8)
    rows["shop"] = pa.array(["north", "elsewhere", "one row only", "North", "", "NULL", None, "\\N"])
    assert model.score(rows).present.tolist() == [True, False, False, False, False, False, True, False]
    check(database, model, rows)


@pytest.mark.parametrize("values", [[1, 2, None], [-1, 0, 10**12], ["1", "01", None]])
def test_segments_of_whole_numbers_and_text(database, values):
    table = {**shops(), "shop": pa.array([values[i % 3] for i in range(N)])}
    check(database, model_of(table, ["shop"]), table)


def test_segments_of_whole_numbers_of_another_type(database):
    table = {**shops(), "shop": pa.array([i % 3 for i in range(N)])}
    check(database, model_of(table, ["shop"]), {**table, "shop": table["shop"].cast(pa.float64())})
    check(database, model_of({**table, "shop": table["shop"].cast(pa.decimal128(24, 2))}, ["shop"]), table)


def test_segments_of_dates(database_with_times):
    days = [dt.date(2024, 1, 1), dt.date(2024, 12, 31), None]
    table = {**shops(), "shop": pa.array([days[i % 3] for i in range(N)])}
    check(database_with_times, model_of(table, ["shop"]), table)


def test_segments_of_booleans(postgres_connection):
    table = {**shops(), "shop": pa.array([[True, False, None][i % 3] for i in range(N)])}
    model = model_of(table, ["shop"])
    for database in (in_duckdb, partial(in_postgres, con=postgres_connection)):
        check(database, model, table)
    with pytest.raises(NoSqlForm, match="'shop' holds booleans, which sqlite has not"):
        model_sql(model, "sqlite")


def test_segments_of_two_columns(database):
    table = {**shops(), "hall": pa.array([i % 2 for i in range(N)])}
    check(database, model_of(table, ["shop", "hall"]), {**shops(seed=2), "hall": pa.array([0, 1, None] * (N // 3))})


@pytest.mark.parametrize("dialect", DIALECT_NAMES)
@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.5, 1.5], "'0.5'"),
        ([Decimal("1.10"), Decimal("2.20")], "'1.1'"),
        ([dt.time(1, 30), dt.time(2)], "'01:30:00"),
        ([dt.datetime(2024, 1, 1, 5), dt.datetime(2024, 1, 2)], "'2024-01-01 05:00:00"),  # noqa: DTZ001 - no zone
        ([float("nan"), float("inf")], "'inf'"),
        ([1e300, 1e301], "'1e+300'"),
    ],
)
def test_segments_whose_text_differs_between_databases_are_refused(dialect, values, shown):
    table = {**shops(), "shop": pa.array([values[i % 2] for i in range(N)])}
    with pytest.raises(NoSqlForm, match="segment_by: 'shop' has the value") as caught:
        model_sql(model_of(table, ["shop"]), dialect)
    assert shown in str(caught.value)
