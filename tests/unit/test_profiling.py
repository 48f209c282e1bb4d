"""What is said of columns and of the detectors that suit them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adsql.arrow import missing, to_float64
from adsql.errors import EmptySource, NoUsableColumn
from adsql.profiling import Figures, distinct_estimate, fences, outside, profile, to_ranks
from adsql.suggestions import suggest_detectors

N = 2_000
RNG = np.random.default_rng(1)
START = dt.datetime(2024, 1, 1)  # noqa: DTZ001 - a timestamp without zone
X = RNG.normal(size=N)
GROUP = RNG.integers(0, 4, N)


def said(n_rows=None, **columns):
    """Profile columns that are the whole table, or a sample of one of n rows."""
    table = dict(columns)
    n = len(next(iter(table.values())))
    figures = {
        name: Figures("any", int((~missing(column)).sum()), None, column.drop_null()[:0])
        for name, column in table.items()
    }
    return {one.column_name: one for one in profile(table, n_rows or n, figures)}


def use(name, column):
    return said(**{name: column})[name].suggested_use


@pytest.mark.parametrize(
    ("name", "column", "expected"),
    [
        ("x", pa.array(X), "feature"),
        ("id", pa.array(range(N)), "key"),
        ("order_id", pa.array(RNG.permutation(10**6)[:N]), "key"),
        ("ref", pa.array([f"AB-{i:06}" for i in range(N)]), "key"),
        ("started", pa.array([START + dt.timedelta(hours=7 * i) for i in range(N)]), "time"),
        ("day", pa.array([(START + dt.timedelta(days=i)).date() for i in range(N)]), "time"),
        ("is_fraud", pa.array(X > 2), "label"),
        ("label", pa.array((X > 2).astype(int)), "label"),
        ("label", pa.array(GROUP), "feature"),
        ("paid", pa.array(X > 2), "feature"),
        ("same", pa.array([7] * N), "leave out"),
        ("nothing", pa.nulls(N, pa.float64()), "leave out"),
        ("when", pa.nulls(N, pa.timestamp("us")), "leave out"),
        ("lists", pa.array([[1]] * N), "leave out"),
        ("kind", pa.array(RNG.choice(["a", "b"], N)), "feature"),
    ],
)  # fmt: skip
def test_use_of_a_column_alone(name, column, expected):
    assert use(name, column) == expected


def test_a_category_that_separates_numbers_is_a_segment_and_one_that_does_not_is_a_feature():
    kinds = pa.array([f"k{g}" for g in GROUP])
    found = said(kind=kinds, far=pa.array(X + 5 * GROUP))
    assert (found["kind"].suggested_use, found["far"].suggested_use) == ("segment", "feature")
    assert "4 groups" in found["kind"].reason
    assert said(kind=kinds, near=pa.array(X))["kind"].suggested_use == "feature"
    many = pa.array([f"k{i // 4}" for i in range(N)])
    assert said(kind=many, far=pa.array(np.arange(N) // 4 * 9.0))["kind"].suggested_use != "segment"


def test_findings():
    some = np.zeros(N)
    some[:7] = 1.0
    found = said(
        mostly=pa.array([None if i % 4 else float(i) for i in range(N)]), near=pa.array(some), same=pa.array(["a"] * N),
        words=pa.array([f"{i} {'xyz'[i % 3] * (i % 17)}!" for i in range(N)]), none=pa.nulls(N, pa.string()), fine=pa.array(X),
        key=pa.array([f"AB-{i:06}" for i in range(N)]),
    )  # fmt: skip
    assert {name: one.findings for name, one in found.items()} == {
        "mostly": ["mostly missing"], "near": ["near-constant"], "same": ["constant"], "words": ["high cardinality"],
        "none": ["empty"], "fine": [], "key": ["key"],
    }  # fmt: skip


def test_quartiles_are_values_of_the_column():
    cents = pa.array([i / 100 for i in range(1, 102)]).cast(pa.decimal128(9, 2))
    found = said(cents=cents, day=pa.array([dt.date(2024, 1, 1) + dt.timedelta(days=i) for i in range(101)]))
    assert (found["cents"].q25, found["cents"].median, found["cents"].q75) == ("0.26", "0.51", "0.76")
    assert found["day"].median == "2024-02-20"


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6), st.just(float("nan"))), min_size=1, max_size=60))
def test_fences_are_three_interquartile_ranges_beyond_the_quartiles(values):
    column = pa.array(values, pa.float64())
    there = [value for value in to_float64(column).tolist() if value == value]  # noqa: PLR0124 - no NaN
    found = fences({"x": column})
    if not there or np.quantile(there, 0.25) >= np.quantile(there, 0.75):
        assert found == {}
        return
    low, high = np.quantile(there, [0.25, 0.75])
    assert found["x"] == (low - 3 * (high - low), high + 3 * (high - low))
    n = len(values)
    expected = [value is not None and (value < found["x"][0] or value > found["x"][1]) for value in values]
    assert outside(column, np.full(n, found["x"][0]), np.full(n, found["x"][1])).tolist() == expected


@settings(max_examples=40)
@given(st.lists(st.one_of(st.integers(0, 9), st.none()), min_size=1, max_size=40))
def test_ranks_are_shares_of_smaller_values_and_half_of_equal_ones(values):
    there = [value for value in values if value is not None]
    expected = [
        np.nan if v is None else (sum(o < v for o in there) + sum(o == v for o in there) / 2) / len(there)
        for v in values
    ]
    np.testing.assert_allclose(to_ranks(pa.array(values, pa.int64())), expected)


@pytest.mark.parametrize("classes", [1, 30, 2_000, 40_000])
def test_distinct_values_are_estimated_from_a_sample(classes):
    rng = np.random.default_rng(classes)
    rows = rng.integers(0, classes, 200_000)
    counts = np.unique(rng.choice(rows, 25_600, replace=False), return_counts=True)[1]
    assert distinct_estimate(counts, 25_600, 200_000) == pytest.approx(len(np.unique(rows)), rel=0.15)


def test_a_sample_s_key_is_a_key_of_the_table():
    found = said(n_rows=N, id=pa.array(range(N)))["id"]
    assert found.distinct_values == N
    assert distinct_estimate(np.ones(N, np.int64), N, 10 * N) == 10 * N


def test_detectors_follow_from_what_is_measured():
    def names(n_rows=N, **columns):
        return [one.algorithm for one in suggest_detectors(columns, n_rows)]

    assert names(x=pa.array(X)) == ["auto", "mad"]
    assert names(x=pa.array(X), y=pa.array(X + 0.1 * RNG.normal(size=N))) == ["auto", "mcd", "ecod"]
    assert names(x=pa.array(X), y=pa.array(RNG.normal(size=N))) == ["auto", "ecod"]
    assert names(2_000_000, x=pa.array(X), y=pa.array(RNG.normal(size=N))) == ["auto", "hbos", "ecod"]
    wide = {f"x{j}": pa.array(RNG.normal(size=N)) for j in range(60)}
    assert names(**wide) == ["auto", "iforest", "ecod"]
    # Sine and cosine of one time go together by themselves.
    assert names(at=pa.array([START + dt.timedelta(hours=7 * i) for i in range(N)])) == ["auto", "ecod"]


def test_without_rows_or_columns_there_is_nothing_to_say():
    with pytest.raises(EmptySource):
        profile({"x": pa.array([], pa.float64())}, 0, {})
    with pytest.raises(EmptySource):
        suggest_detectors({"x": pa.array([], pa.float64())}, 0)
    with pytest.raises(NoUsableColumn):
        suggest_detectors({"id": pa.array(range(N))}, N)
