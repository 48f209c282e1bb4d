"""Arrays made and read without pandas equal those that pyarrow makes and reads."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsql.arrow_memory import array_of, flags, numbers, one_list, texts

TYPES = ["float64", "float32", "int64", "int32", "uint8", "bool"]
CELLS = st.lists(st.tuples(st.integers(0, 200), st.booleans()), max_size=20)


def columns(cells, dtype):
    values, missing = (np.array(part) for part in zip(*cells, strict=True)) if cells else (np.zeros(0), np.zeros(0))
    return values.astype(dtype), missing.astype(np.bool_)


@given(cells=CELLS, dtype=st.sampled_from(TYPES))
def test_arrays_are_those_that_pyarrow_makes(cells, dtype):
    values, missing = columns(cells, dtype)
    for mask in (None, missing):
        made = array_of(values, mask)
        made.validate(full=True)
        assert made.equals(pa.array(values, mask=mask))


@pytest.mark.parametrize("values", [np.arange(6.0)[::2], np.array([0.0, 2.0, 4.0], ">f8")], ids=["steps", "swapped"])
def test_values_are_kept_however_numpy_has_them(values):
    assert array_of(values).to_pylist() == [0.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("values", "missing"),
    [(np.zeros(3), np.zeros(1, np.bool_)), (np.zeros((2, 2)), None), (np.zeros(()), None)],
    ids=["fewer", "matrix", "number"],
)
def test_values_and_what_is_missing_are_as_many(values, missing):
    with pytest.raises(ValueError, match="shape"):
        array_of(values, missing)


def test_nan_is_a_value():
    assert array_of(np.array([np.nan]), np.array([False])).null_count == 0


@given(cells=CELLS, dtype=st.sampled_from(TYPES[:-1]), start=st.integers(0, 20))
def test_numbers_are_those_that_are_not_null(cells, dtype, start):
    values, missing = columns(cells, dtype)
    found = numbers(pa.array(values, mask=missing).slice(start))
    assert found.dtype == values.dtype
    assert found[~missing[start:]].tolist() == values[start:][~missing[start:]].tolist()
    assert len(found) == len(values[start:])


@given(values=st.lists(st.booleans(), max_size=20), start=st.integers(0, 20))
def test_flags_are_the_booleans(values, start):
    assert flags(pa.array(values, pa.bool_()).slice(start)).tolist() == values[start:]


@given(values=st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"])), max_size=10))
def test_texts_are_those_that_pyarrow_makes(values):
    made = texts(values)
    made.validate(full=True)
    assert made.equals(pa.array(values, pa.string()))
    assert one_list(made).to_pylist() == [values]


@pytest.mark.parametrize("array", [pa.array(["a"]), pa.array([True]), pa.array([0], pa.timestamp("us"))], ids=str)
def test_other_arrays_have_no_numbers(array):
    with pytest.raises(TypeError, match="holds no numbers"):
        numbers(array)
