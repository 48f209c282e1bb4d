"""Every Arrow type becomes the number, the text or the refusal that the policy says."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adsql.arrow import (
    LARGEST,
    Kind,
    column_named,
    is_integer,
    kind_of,
    missing,
    plain_array,
    struct_columns,
    to_float64,
    to_text,
)
from adsql.errors import InvalidSource, UnusableColumn

NOON = dt.time(12, 0, 1, 500_000)
MOMENT = dt.datetime(1970, 1, 2, 0, 0, 1, 500_000)  # noqa: DTZ001 - a timestamp without a zone is one of the cases
EAST = dt.datetime(1970, 1, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2)))
NAN = float("nan")

# type, values, the numbers they are
NUMBERS = [
    *((dtype, [1, None, 3], [1.0, NAN, 3.0]) for dtype in (
        pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(),
        pa.float32(), pa.float64(), pa.decimal32(5, 1), pa.decimal64(12, 1), pa.decimal128(20, 3), pa.decimal256(60, 5),
    )),
    (pa.float16(), [np.float16(1), None, np.float16(3)], [1.0, NAN, 3.0]),
    (pa.int64(), [2**63 - 1, -(2**63)], [9.223372036854775807e18, -9.223372036854775808e18]),
    (pa.uint64(), [2**64 - 1], [1.8446744073709551615e19]),
    (pa.decimal128(10, 2), [Decimal("0.10"), None, Decimal("-12345678.90")], [0.1, NAN, -12345678.9]),
    (pa.decimal128(38, 0), [Decimal(10**38 - 1)], [1e38]),
    (pa.decimal256(76, 0), [Decimal(10**76 - 1)], [1e76]),
    (pa.bool_(), [True, False, None], [1.0, 0.0, NAN]),
    (pa.float64(), [NAN, None, math.inf, -math.inf], [NAN, NAN, LARGEST, -LARGEST]),
    (pa.float64(), [1e300, -1.7e308, 5e-324], [LARGEST, -LARGEST, 5e-324]),
    (pa.float32(), [0.1], [float(np.float32(0.1))]),
    (pa.null(), [None, None], [NAN, NAN]),
    (pa.date32(), [dt.date(1970, 1, 3), None, dt.date(1969, 12, 31)], [2 * 86_400.0, NAN, -86_400.0]),
    (pa.date64(), [dt.date(1970, 1, 3), None], [2 * 86_400.0, NAN]),
    *((pa.timestamp(unit), [MOMENT, None], [86_401.5, NAN]) for unit in ("ms", "us", "ns")),
    (pa.timestamp("s"), [MOMENT.replace(microsecond=0), None], [86_401.0, NAN]),
    # The same moment whatever the zone it is shown in.
    (pa.timestamp("us", tz="Europe/Berlin"), [EAST], [0.0]),
    (pa.timestamp("us", tz="UTC"), [EAST], [0.0]),
    (pa.time32("s"), [NOON.replace(microsecond=0), None], [43_201.0, NAN]),
    (pa.time32("ms"), [NOON], [43_201.5]),
    (pa.time64("us"), [NOON], [43_201.5]),
    (pa.time64("ns"), [NOON], [43_201.5]),
    *((pa.duration(unit), [dt.timedelta(seconds=-90), None], [-90.0, NAN]) for unit in ("s", "ms", "us", "ns")),
    (pa.duration("us"), [dt.timedelta(milliseconds=1)], [0.001]),
]  # fmt: skip
KINDS = {
    Kind.NUMBER: [pa.int8(), pa.float16(), pa.bool_(), pa.decimal32(4, 2), pa.decimal256(60, 2), pa.duration("s"), pa.bool8()],
    Kind.TIMESTAMP: [pa.timestamp("s"), pa.timestamp("ns", tz="Asia/Tokyo")],
    Kind.DATE: [pa.date32(), pa.date64()],
    Kind.TIME: [pa.time32("s"), pa.time64("ns")],
    Kind.TEXT: [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string()), pa.json_()],
    Kind.MISSING: [pa.null(), pa.dictionary(pa.int8(), pa.null())],
    Kind.UNSUPPORTED: [
        pa.list_(pa.float64()), pa.struct([("a", pa.int8())]), pa.map_(pa.string(), pa.int8()), pa.binary(),
        pa.uuid(), pa.month_day_nano_interval(), pa.dense_union([pa.field("a", pa.int8())]),
        pa.dictionary(pa.int8(), pa.binary()), pa.opaque(pa.binary(), "bignum", "DuckDB"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("dtype", "values", "expected"), NUMBERS, ids=lambda value: str(value)[:30])
def test_a_type_becomes_the_number_it_stands_for(dtype, values, expected):
    array = pa.array(values, dtype)
    np.testing.assert_array_equal(to_float64(array), expected)
    np.testing.assert_array_equal(missing(array), np.isnan(expected))


@pytest.mark.parametrize(("dtype", "values", "expected"), NUMBERS, ids=lambda value: str(value)[:30])
def test_slices_chunks_and_dictionaries_are_read_alike(dtype, values, expected):
    array = pa.array(values, dtype)
    sliced = pa.concat_arrays([array, array]).slice(len(values) - 1, len(values))
    np.testing.assert_array_equal(to_float64(sliced), [expected[-1], *expected[:-1]])
    chunked = pa.chunked_array([array, array.slice(0, 1)], dtype)
    np.testing.assert_array_equal(to_float64(chunked), [*expected, expected[0]])
    encoded = pa.DictionaryArray.from_arrays(pa.array([len(values) - 1, None, 0], pa.int8()), array)
    np.testing.assert_array_equal(to_float64(encoded), [expected[-1], NAN, expected[0]])
    np.testing.assert_array_equal(missing(encoded), np.isnan([expected[-1], NAN, expected[0]]))


@pytest.mark.parametrize(
    ("kind", "dtype"), [(kind, dtype) for kind, dtypes in KINDS.items() for dtype in dtypes], ids=str
)
def test_a_type_has_its_kind(kind, dtype):
    assert kind_of(dtype) is kind


@pytest.mark.parametrize("dtype", [*KINDS[Kind.TEXT][:3], *KINDS[Kind.UNSUPPORTED][:4]], ids=str)
def test_a_type_without_a_number_is_refused_by_name(dtype):
    with pytest.raises(UnusableColumn, match="has no number") as caught:
        to_float64(pa.nulls(1, dtype))
    assert str(dtype) in str(caught.value)


def test_negative_zero_is_zero():
    assert np.signbit(to_float64(pa.array([-0.0, 0.0, -1.0]))).tolist() == [False, False, True]


@given(st.lists(st.none() | st.floats(width=64)))
def test_any_float_becomes_finite_or_missing(values):
    numbers = to_float64(pa.array(values, pa.float64()))
    assert len(numbers) == len(values)
    for number, value in zip(numbers, values, strict=True):
        if value is None or math.isnan(value):
            assert math.isnan(number)
        else:
            assert number == min(max(value, -LARGEST), LARGEST)


@given(st.integers(-(10**15) + 1, 10**15 - 1), st.integers(0, 15))
@example(29, 2)
@example(3_00000, 5)
def test_a_decimal_becomes_the_nearest_float(digits, scale):
    value = Decimal(f"{digits}e-{scale}")
    for dtype in (pa.decimal64(18, scale), pa.decimal128(30, scale), pa.decimal256(60, scale)):
        assert to_float64(pa.array([value], dtype)).tolist() == [float(value)]


@given(st.integers(-(10**38) + 1, 10**38 - 1), st.integers(0, 38))
def test_a_long_decimal_becomes_a_float_within_one_bit(digits, scale):
    value = Decimal(f"{digits}e-{scale}")
    found = to_float64(pa.array([value], pa.decimal128(38, scale)))[0]
    assert abs(found - float(value)) <= np.spacing(abs(float(value)))


def test_the_numbers_are_a_copy():
    array = pa.array([1.0, 2.0])
    to_float64(array)[:] = 7.0
    assert array.to_pylist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array(["a", None, ""]), ["a", None, ""]),
        (pa.array(["a", None], pa.large_string()), ["a", None]),
        (pa.array(["a", None], pa.string_view()), ["a", None]),
        (pa.array(["a", None, "a"]).dictionary_encode(), ["a", None, "a"]),
        (pa.array([1, None]), ["1", None]),
        (pa.array([True, None]), ["true", None]),
        (pa.array([Decimal("1.50")]), ["1.50"]),
        (pa.array([dt.date(2024, 5, 1)]), ["2024-05-01"]),
        (pa.nulls(2), [None, None]),
        (pa.array(['{"a": 1}'], pa.json_()), ['{"a": 1}']),
    ],
    ids=lambda value: str(getattr(value, "type", value)),
)
def test_text_keeps_values_and_nulls(array, expected):
    text = to_text(array)
    assert text.type == pa.string()
    assert text.to_pylist() == expected


@pytest.mark.parametrize(
    "array",
    [
        pa.array([[1]]),
        pa.array([{"a": 1}]),
        pa.array([b"\xff"]),
        pa.array([uuid.UUID(int=2**127 + 255).bytes], pa.uuid()),
    ],
    ids=lambda array: str(array.type),
)
def test_a_type_without_text_is_refused_by_name(array):
    with pytest.raises(UnusableColumn, match="has no text"):
        to_text(array)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (pa.int8(), True), (pa.uint64(), True), (pa.decimal128(10, 0), True), (pa.decimal256(50, 0), True),
        (pa.decimal128(10, 2), False), (pa.float64(), False), (pa.bool_(), False), (pa.string(), False),
        (pa.date32(), False),
    ],
    ids=str,
)  # fmt: skip
def test_whole_number_types_are_known(dtype, expected):
    assert is_integer(dtype) is expected


def test_a_column_is_found_by_its_exact_name_first():
    table = {"fare": pa.array([1]), "Fare": pa.array([2]), "STRASSE": pa.array([3])}
    assert column_named("Fare", table) == "Fare"
    assert column_named("FARE", table) == "fare"
    assert column_named("straße", table) == "STRASSE"
    assert column_named("tip", table) is None


def test_a_missing_row_makes_all_its_columns_missing():
    rows = pa.StructArray.from_arrays(
        [pa.array([1, 2, None]), pa.array(["a", "b", "c"])], ["x", "s"], mask=pa.array([False, True, False])
    )
    columns = struct_columns(rows)
    assert columns["x"].to_pylist() == [1, None, None]
    assert columns["s"].to_pylist() == ["a", None, "c"]


def test_a_sliced_chunked_row_is_split_into_the_same_rows():
    rows = pa.array([{"x": i} for i in range(6)])
    chunked = pa.chunked_array([rows.slice(1, 2), rows.slice(4, 2)])
    assert struct_columns(chunked)["x"].to_pylist() == [1, 2, 4, 5]


def test_a_plain_value_is_no_row():
    with pytest.raises(InvalidSource, match="expected a row, got int64"):
        struct_columns(pa.array([1]))


def test_chunks_become_one_array():
    chunked = pa.chunked_array([[1], [], [2, 3]])
    assert plain_array(chunked).to_pylist() == [1, 2, 3]
    assert plain_array(pa.array([4])).to_pylist() == [4]
