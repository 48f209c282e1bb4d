"""Rows of float64 columns are read where Arrow keeps them: the same as column by column, whatever their layout."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsql.arrow import struct_columns
from adsql.features import FeatureSpec
from adsql.model import Model
from adsql.options import TrainingOptions

NAMES = ("a", "b", "c")
values = st.one_of(st.none(), st.floats(width=64), st.sampled_from([-0.0, 1e200, -1e200]))
rows = st.lists(st.tuples(values, values, values), min_size=1, max_size=40)
RNG = np.random.default_rng(0)
TRAINING = {name: pa.array(RNG.normal(size=200)) for name in NAMES}


@pytest.fixture(scope="module")
def spec():
    return FeatureSpec.fit(TRAINING, None, 200)


@pytest.fixture(scope="module")
def model():
    return Model.fit(TRAINING, TrainingOptions.parse("zscore"))


def struct(given, names=NAMES, dtype="float64"):
    columns = zip(*given, strict=True)
    return pa.StructArray.from_arrays([pa.array(c, dtype) for c in columns], names=list(names))


def assert_same(direct, spec, array):
    X, present = spec.transform(spec.select(struct_columns(array)))
    assert direct is not None
    np.testing.assert_array_equal(direct[0], X)
    np.testing.assert_array_equal(np.signbit(direct[0]), np.signbit(X))
    np.testing.assert_array_equal(direct[1], present)
    assert direct[0].flags.f_contiguous


@given(rows=rows, before=st.integers(0, 9), after=st.integers(0, 9))
def test_they_equal_the_columns_one_by_one(spec, rows, before, after):
    padding = [(1.0, None, 2.0)] * 9
    array = struct(padding[:before] + rows + padding[:after])
    part = array.slice(before, len(rows))  # bits of nulls begin within a byte
    assert_same(spec.transform_rows(part), spec, part)


@given(rows=rows, start=st.integers(0, 9))
def test_children_may_begin_elsewhere_than_their_struct(spec, rows, start):
    columns = [pa.array([None] * start + list(column), pa.float64()).slice(start) for column in zip(*rows, strict=True)]
    array = pa.StructArray.from_arrays(columns, names=list(NAMES))
    assert_same(spec.transform_rows(array), spec, array)


def test_other_columns_order_and_case_do_not_matter(spec):
    array = pa.StructArray.from_arrays(
        [pa.array(["x", "y"]), pa.array([3.0, None]), pa.array([1.0, 2.0]), pa.array([1, 2]), pa.array([5.0, 6.0])],
        names=["other", "C", "a", "more", "B"],
    )
    assert_same(spec.transform_rows(array), spec, array)


@pytest.mark.parametrize(
    "array",
    [
        struct([(1.0, 2.0, 3.0)], dtype="float32"),
        struct([(1, 2, 3)], dtype="int64"),
        struct([(1.0, 2.0, 3.0)], names=("a", "b", "d")),
        pa.array([None, {"a": 1.0, "b": 2.0, "c": 3.0}]),
    ],
)
def test_what_needs_a_look_at_the_columns_is_left_to_them(spec, array):
    assert spec.transform_rows(array) is None


def test_rows_of_another_type_are_looked_up_again(spec):
    for names in (NAMES, ("c", "b", "a"), NAMES):
        array = struct([(1.0, 2.0, 3.0)], names=names)
        assert_same(spec.transform_rows(array), spec, array)


def test_a_model_scores_rows_of_any_type_as_it_does_their_columns(model):
    for array in (
        struct([(1.0, 2.0, None)]),
        struct([(1, 2, 3)], dtype="int32"),
        pa.array([None, {"a": 1.0, "b": 2.0, "c": 3.0}]),
    ):
        scored, expected = model.score_rows(array), model.score(struct_columns(array))
        np.testing.assert_array_equal(scored.present, expected.present)
        np.testing.assert_array_equal(scored.anomaly_score[scored.present], expected.anomaly_score[scored.present])


def test_no_rows_at_all(spec):
    X, present = spec.transform_rows(struct([(1.0, 2.0, 3.0)]).slice(1))
    assert X.shape == (0, 3)
    assert present.shape == (0,)


@pytest.mark.parametrize("known", [0b11111111, 0b11110101])
@pytest.mark.parametrize("counted", [True, False])
def test_values_may_have_bits_whether_one_is_missing_or_not(spec, known, counted):
    """DuckDB's have, with a count of those that are; others leave the count to whoever asks."""
    bits, data = pa.py_buffer(bytes([known])), pa.py_buffer(np.arange(8.0))
    nulls = 8 - known.bit_count() if counted else -1
    columns = [pa.Array.from_buffers(pa.float64(), 8, [bits, data], null_count=nulls) for _ in NAMES]
    array = pa.StructArray.from_arrays(columns, names=list(NAMES))
    assert_same(spec.transform_rows(array), spec, array)
