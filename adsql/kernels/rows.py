"""Rows of float64 columns read where Arrow keeps them, in one call: per column, Python costs more than the kernel.

The layout is that of Arrow's C data interface (https://arrow.apache.org/docs/format/CDataInterface.html), whose
structures are stable: length, null count, offset, number of buffers, number of children, buffers, children, ...,
eight bytes each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import carray, types  # type: ignore[attr-defined] # numba's
from numba.extending import intrinsic

from adsql.kernels.columns import robust_scale
from adsql.kernels.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

_WORD = 8
_NULLS, _OFFSET, _BUFFERS, _CHILDREN = 1 * _WORD, 2 * _WORD, 5 * _WORD, 6 * _WORD  # of ArrowArray


def _pointer_to(element: types.Type) -> Any:  # noqa: ANN401 - what numba makes of it
    """Return a function for kernels that makes an address a pointer."""

    @intrinsic
    def at(_typing: object, address: types.Type) -> tuple[object, object]:  # noqa: ARG001 - numba asks by name
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> object:  # noqa: ANN401
            return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

        return types.CPointer(element)(types.int64), generate  # type: ignore[no-untyped-call] # numba's

    return at


_words_at = _pointer_to(types.int64)
_bytes_at = _pointer_to(types.uint8)
_floats_at = _pointer_to(types.float64)


@kernel
def scale_rows(
    address: int,
    positions: NDArray[np.int64],
    center: Floats,
    per_scale: Floats,
    largest: float,
    limit: float,
    result: Floats,
    present: NDArray[np.bool_],
) -> None:
    """Scale columns of a struct array as `robust_scale` does one.

    Parameters
    ----------
    address
        Of an ArrowArray of n structs without nulls of their own.
    positions
        Of the struct's fields to read, shape (d,); they are float64 and may have nulls.
    center, per_scale
        Shape (d,).
    largest, limit
        See `robust_scale`.
    result
        Shape (d, n).
    present
        Shape (n,); becomes True where a row has a value.
    """
    n = present.shape[0]
    offset = carray(_words_at(address + _OFFSET), 1)[0]
    fields = 0
    for position in positions:  # not their `max`, which takes longer to compile than all else here
        fields = max(fields, position + 1)
    children = carray(_words_at(carray(_words_at(address + _CHILDREN), 1)[0]), fields)
    for j in range(positions.shape[0]):
        child = children[positions[j]]
        start = offset + carray(_words_at(child + _OFFSET), 1)[0]
        valid, data = carray(_words_at(carray(_words_at(child + _BUFFERS), 1)[0]), 2)
        values = carray(_floats_at(data + _WORD * start), n)
        # DuckDB has a bit for every value, whether one is missing or not, and counts those that are.
        if valid != 0 and carray(_words_at(child + _NULLS), 1)[0] != 0:
            bits = carray(_bytes_at(valid), (start + n + 7) // 8)
            copied = np.empty(n)
            for i in range(n):
                known = bits[(start + i) >> 3] >> ((start + i) & 7) & 1
                copied[i] = values[i] if known else np.nan
            values = copied
        robust_scale(values, center[j], per_scale[j], largest, limit, result[j], present)
