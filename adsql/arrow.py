"""The only place where Arrow becomes float64, and where nulls, NaN and infinities are decided.

The policy, for every detector and every engine:

* **NULL and NaN are missing.** A missing value counts as the training median of its column: it adds nothing
  strange of its own. A row in which every column of the model is missing has no score: the result is NULL.
* **Infinities are values**, the largest and the smallest there are: numbers beyond ±1e150 count as ±1e150,
  so that no square overflows and no score becomes infinite or NaN.
* **A date is a point in time** at midnight, a time of day and a duration a number of seconds, `TRUE`
  is 1. Integers, and decimals of up to 15 digits, become the nearest float64; longer decimals that one or its
  neighbour. Intervals of months and days have no fixed length and cannot be used.
"""

from __future__ import annotations

import ctypes
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
import pyarrow as pa

from adsql.arrow_memory import array_of, flags, numbers
from adsql.errors import InvalidSource, UnusableColumn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

Columns: TypeAlias = "Mapping[str, pa.Array[Any]]"
Floats: TypeAlias = "NDArray[np.float64]"

LARGEST = 1e150
SECONDS_PER_DAY = 86_400.0
_EXACT_DIGITS = 1e15  # a float that is off by a bit still rounds to the decimal's digits
_EXACT_POWER = 22  # the largest power of ten that a float holds
_PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}

_capsule_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


class Kind(StrEnum):
    """What a column's values mean to a detector. Types of one kind may replace each other between calls."""

    NUMBER = "number"
    TIMESTAMP = "timestamp"
    DATE = "date"
    TIME = "time"
    TEXT = "text"
    MISSING = "missing"  # DuckDB's untyped NULL: fits every kind
    UNSUPPORTED = "unsupported"


@lru_cache(maxsize=1_024)
def kind_of(dtype: pa.DataType) -> Kind:
    """Return the kind of an Arrow type; booleans and durations are numbers.

    Examples
    --------
    >>> import pyarrow as pa
    >>> kind_of(pa.decimal128(10, 2)).value, kind_of(pa.list_(pa.int8())).value
    ('number', 'unsupported')
    """
    types = pa.types
    if isinstance(dtype, pa.BaseExtensionType):
        return Kind.UNSUPPORTED if dtype.extension_name == "arrow.uuid" else kind_of(dtype.storage_type)
    if types.is_dictionary(dtype):
        return kind_of(dtype.value_type)
    checks = {
        Kind.MISSING: types.is_null(dtype),
        Kind.NUMBER: types.is_integer(dtype) or types.is_floating(dtype) or types.is_decimal(dtype)
        or types.is_boolean(dtype) or types.is_duration(dtype),
        Kind.TIMESTAMP: types.is_timestamp(dtype),
        Kind.DATE: types.is_date(dtype),
        Kind.TIME: types.is_time(dtype),
        Kind.TEXT: types.is_string(dtype) or types.is_large_string(dtype) or types.is_string_view(dtype),
    }  # fmt: skip
    return next((kind for kind, holds in checks.items() if holds), Kind.UNSUPPORTED)


def is_integer(dtype: pa.DataType) -> bool:
    """Return whether a type holds whole numbers only, decimals without a fraction included."""
    whole_decimal = pa.types.is_decimal(dtype) and getattr(dtype, "scale", 1) == 0
    return pa.types.is_integer(dtype) or whole_decimal


def to_float64(column: pa.Array[Any]) -> Floats:
    """Convert a column of numbers, times or dates.

    Parameters
    ----------
    column
        Any array whose kind is neither text nor unsupported, of length n.

    Returns
    -------
    ndarray of shape (n,)
        Values in [-1e150, 1e150] or NaN where missing. Times are in seconds: timestamps and dates since
        1970-01-01 UTC, times of day since midnight.

    Raises
    ------
    UnusableColumn
        If the type has no number.

    Examples
    --------
    >>> import pyarrow as pa
    >>> to_float64(pa.array([True, None, False])).tolist()
    [1.0, nan, 0.0]
    """
    # -0.0 equals 0.0 in SQL, and must not make models of the same rows differ: adding 0.0 makes it one.
    return np.clip(unbounded_float64(column), -LARGEST, LARGEST) + 0.0


def unbounded_float64(column: pa.Array[Any]) -> Floats:
    """Convert as `to_float64` does, but keep infinities and -0.0: for kernels that bound values themselves.

    The result may be the column's own memory, which must not be written to.
    """
    dtype = column.type
    if pa.types.is_float64(dtype) and not column.null_count:  # what most columns are, at no cost
        return numbers(plain_array(column))
    array = _plain(column)
    dtype = array.type
    kind = kind_of(dtype)
    if kind is Kind.MISSING:
        return np.full(len(array), np.nan)
    if kind in (Kind.TEXT, Kind.UNSUPPORTED):
        raise UnusableColumn(f"a column of type {dtype} has no number", allowed="numbers, booleans, times and dates")
    array, divisor = _counted(array)
    if pa.types.is_integer(array.type) and not array.null_count:
        values = numbers(array).astype(np.float64)  # a twentieth of the cast's cost where there is one row
    else:
        if not pa.types.is_float64(array.type):
            array = array.cast(pa.float64(), safe=False)
        values = numbers(array)
        if array.null_count:
            values = np.where(missing(array), np.nan, values)
    if divisor != 1.0:
        return values / divisor
    return _nearest_decimals(values, dtype.scale) if pa.types.is_decimal(dtype) else values


def to_text(column: pa.Array[Any]) -> pa.StringArray:
    """Convert a column to text, keeping nulls: categories, and the keys of segments.

    Raises
    ------
    UnusableColumn
        If the type has no text, such as a list, or bytes are not UTF-8.

    Examples
    --------
    >>> import pyarrow as pa
    >>> to_text(pa.array([1, None])).to_pylist()
    ['1', None]
    """
    array = _plain(column)
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), pa.string())
    if isinstance(array, pa.StringArray):
        return array
    try:
        return cast("pa.StringArray", array.cast(pa.string()))
    except pa.ArrowException as error:
        raise UnusableColumn(
            f"a column of type {array.type} has no text", allowed="numbers, booleans, times, dates and text"
        ) from error


def missing(column: pa.Array[Any]) -> NDArray[np.bool_]:
    """Return which values are missing: NULL or NaN.

    Examples
    --------
    >>> import pyarrow as pa
    >>> missing(pa.array([1.0, None, float("nan")])).tolist()
    [False, True, True]
    """
    if pa.types.is_dictionary(column.type) and pa.types.is_null(column.type.value_type):
        return np.ones(len(column), dtype=np.bool_)  # pyarrow 26 crashes on these, as pandas makes of no category
    return flags(plain_array(column.is_null(nan_is_null=True)))


def compute() -> Any:  # noqa: ANN401 - its stubs miss options that it has
    """Return `pyarrow.compute`, imported when it is first needed: scoring numbers need not wait 0.05 s for it.

    Examples
    --------
    >>> compute().sum(pa.array([1, 2])).as_py()
    3
    """
    import pyarrow.compute  # noqa: PLC0415 - see above

    return pyarrow.compute


def column_named(name: str, table: Iterable[str]) -> str | None:
    """Return a table's own spelling of a column's name: exact, or regardless of case as in SQL.

    Examples
    --------
    >>> column_named("Fare", {"fare": pa.array([1])})
    'fare'
    """
    if name in table:
        return name
    return next((known for known in table if known.casefold() == name.casefold()), None)


def taken(table: Columns, rows: NDArray[np.integer[Any]]) -> dict[str, pa.Array[Any]]:
    """Return some rows of a table, by their numbers.

    Examples
    --------
    >>> taken({"x": pa.array([1, 2, 3])}, np.array([2, 0]))["x"].to_pylist()
    [3, 1]
    """
    which = array_of(rows.astype(np.int64, copy=False))
    return {name: column.take(which) for name, column in table.items()}


def struct_columns(rows: pa.Array[Any] | pa.ChunkedArray[Any]) -> dict[str, pa.Array[Any]]:
    """Split an array of rows into its columns, with the rows' own nulls applied to each.

    Raises
    ------
    InvalidSource
        If the array holds no rows but plain values.
    """
    array = plain_array(rows)
    if not isinstance(array, pa.StructArray):
        raise InvalidSource(f"expected a row, got {array.type}", hint="pass the row of a table: anomaly_score('m', t)")
    fields = array.flatten() if array.null_count else [array.field(i) for i in range(array.type.num_fields)]
    return {array.type.field(i).name: field for i, field in enumerate(fields)}


def plain_array(column: pa.Array[Any] | pa.ChunkedArray[Any]) -> pa.Array[Any]:
    """Return one contiguous array: engines hand out chunked ones."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    return cast("pa.Array[Any]", column.chunk(0) if column.num_chunks == 1 else column.combine_chunks())


def exported(array: pa.Array[Any]) -> tuple[object, int]:
    """Return the address of an array's ArrowArray in the C data interface, and what keeps it valid.

    Examples
    --------
    >>> owner, address = exported(pa.array([1.0]))
    >>> address > 0
    True
    """
    _, owner = array.__arrow_c_array__()
    return owner, _capsule_pointer(owner, b"arrow_array")


def _counted(array: pa.Array[Any]) -> tuple[pa.Array[Any], float]:
    """Return an array that casts to float64, and the number by which to divide it."""
    dtype = array.type
    if pa.types.is_date32(dtype):
        return array.view(pa.int32()), 1.0 / SECONDS_PER_DAY
    if pa.types.is_date64(dtype):
        return array.view(pa.int64()), 1e3
    if pa.types.is_time32(dtype):
        return array.view(pa.int32()), _PER_SECOND[dtype.unit]
    if pa.types.is_timestamp(dtype) or pa.types.is_time64(dtype) or pa.types.is_duration(dtype):
        return array.view(pa.int64()), _PER_SECOND[dtype.unit]
    return (array.cast(pa.uint8()), 1.0) if pa.types.is_boolean(dtype) else (array, 1.0)


def _nearest_decimals(values: Floats, scale: int) -> Floats:
    """Return the floats nearest to decimals, which pyarrow's cast misses by a bit in one of eight prices."""
    power = 10.0**scale
    digits = np.rint(values * power)
    # Both operands of the division are exact, hence its result is the nearest float.
    return np.where((np.abs(digits) < _EXACT_DIGITS) & (scale <= _EXACT_POWER), digits / power, values)


def _plain(column: pa.Array[Any] | pa.ChunkedArray[Any]) -> pa.Array[Any]:
    array = plain_array(column)
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if isinstance(array, pa.DictionaryArray):
        array = array.dictionary_decode()
    return array
