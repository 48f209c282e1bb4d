"""Times of a series as the numbers that algorithms take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from adsql.errors import UnusableColumn

if TYPE_CHECKING:
    from numpy.typing import NDArray


TIME, NUMBER = "time", "number"
_MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1, "day": 86_400_000_000}
_NANOSECONDS = 1_000  # in a microsecond
_INFINITE = 2**62  # databases have infinite times, which are the largest numbers


def whole_times(column: pa.Array[Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return times as whole numbers in the column's unit, and which rows have one; both of shape (n,).

    Raises
    ------
    UnusableColumn
        If the column is none of time.

    Examples
    --------
    >>> import pyarrow as pa
    >>> times, known = whole_times(pa.array([3, None, 5]))
    >>> times.tolist(), known.tolist()
    ([3, 0, 5], [True, False, True])
    """
    kind = column.type
    if pa.types.is_date32(kind):
        column = column.cast(pa.int32())
    elif not (pa.types.is_timestamp(kind) or pa.types.is_integer(kind)):
        raise UnusableColumn(
            f"the time column is of type {kind}",
            allowed="timestamps, dates and whole numbers",
            hint="convert it in the source, which may be a SELECT",
        )
    times = column.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    known = column.is_valid().to_numpy(zero_copy_only=False) & (np.abs(times) < _INFINITE)
    return np.where(known, times, 0), known


def microseconds(column: pa.Array[Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_], str]:
    """Return times in one unit, whatever the column's, which rows have one, and what they are: time or number.

    Raises
    ------
    UnusableColumn
        If the column is none of time.

    Examples
    --------
    >>> import pyarrow as pa
    >>> times, known, kind = microseconds(pa.array([2], pa.date32()))
    >>> times.tolist(), kind
    ([172800000000], 'time')
    """
    times, known = whole_times(column)
    if pa.types.is_integer(column.type):
        return times, known, NUMBER
    factor = _per_unit(column.type)
    reachable = np.abs(times) < (_INFINITE if factor is None else _INFINITE // factor)
    return in_microseconds(np.where(reachable, times, 0), column.type), known & reachable, TIME


def in_microseconds(times: NDArray[np.int64], kind: pa.DataType) -> NDArray[np.int64]:
    """Return times of a column's unit in microseconds; whole numbers stay.

    Examples
    --------
    >>> import pyarrow as pa
    >>> in_microseconds(np.array([2]), pa.timestamp("ms")).tolist()
    [2000]
    """
    if pa.types.is_integer(kind):
        return times
    factor = _per_unit(kind)
    result: NDArray[np.int64] = times // _NANOSECONDS if factor is None else times * factor
    return result


def _per_unit(kind: pa.DataType) -> int | None:
    """Return the microseconds of a column's unit; None for nanoseconds."""
    return _MICROSECONDS.get(getattr(kind, "unit", "day"))
