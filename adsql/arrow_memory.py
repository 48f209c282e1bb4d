"""Arrow arrays and what is in them, without pandas.

`pa.array`, `pa.scalar` and `Array.to_numpy` import pandas first where it is installed, to ask whether they were given
something of its: a third of a second of the first query of a process. What scoring and training need is done here
with Arrow's memory, at no more cost than theirs; reports and series use pyarrow's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def numbers(array: pa.Array[Any]) -> NDArray[Any]:
    """Return the values of an array of integers or floats: its own memory, which cannot be written to.

    Those of nulls are any.

    Raises
    ------
    TypeError
        If the array holds something else.

    Examples
    --------
    >>> numbers(pa.array([1, 2], pa.int32()))
    array([1, 2], dtype=int32)
    """
    if not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type)):
        raise TypeError(f"an array of type {array.type} holds no numbers as numpy has them")
    if array.null_count:
        array = pa.Array.from_buffers(array.type, len(array), [None, array.buffers()[1]], offset=array.offset)
    values: NDArray[Any] = np.from_dlpack(array)
    return values


def flags(array: pa.Array[Any]) -> NDArray[np.bool_]:
    """Return the values of an array of booleans without nulls.

    Examples
    --------
    >>> flags(pa.array([True, False])).tolist()
    [True, False]
    """
    return numbers(array.cast(pa.uint8())).view(np.bool_)


def array_of(values: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> pa.Array[Any]:
    """Return integers, floats or booleans as an array, with nulls where they are missing.

    Raises
    ------
    ValueError
        If there is not one dimension, or not the same number of both.

    Examples
    --------
    >>> array_of(np.array([0.5, 1.5]), np.array([True, False])).to_pylist()
    [None, 1.5]
    """
    if values.ndim != 1 or (missing is not None and missing.shape != values.shape):
        raise ValueError(f"values of shape {values.shape}, missing {None if missing is None else missing.shape}")
    if not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    held = _bits(values) if values.dtype == np.bool_ else pa.py_buffer(np.ascontiguousarray(values).data)
    valid = None if missing is None else _bits(~missing)
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [valid, held])


def texts(values: Sequence[str | None]) -> pa.StringArray:
    """Return strings as an array; None is null.

    Examples
    --------
    >>> texts(["a", None]).to_pylist()
    ['a', None]
    """
    encoded = [b"" if value is None else value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    present = np.array([value is not None for value in values], np.bool_)
    valid = None if present.all() else _bits(present)
    buffers = [valid, pa.py_buffer(ends.data), pa.py_buffer(b"".join(encoded))]
    return cast("pa.StringArray", pa.Array.from_buffers(pa.string(), len(values), buffers))


def one_list(values: pa.Array[Any]) -> pa.ListArray[Any]:
    """Return an array of one value, a list of all.

    Examples
    --------
    >>> one_list(pa.array([1, 2])).to_pylist()
    [[1, 2]]
    """
    offsets: Any = array_of(np.array([0, len(values)], np.int32))
    return pa.ListArray.from_arrays(offsets, values)


def _bits(values: NDArray[np.bool_]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(values, bitorder="little").data)
