"""Rows of float64 columns as features: read where Arrow keeps them, since columns one by one cost more than scoring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from adsql.arrow import LARGEST, Floats, column_named, exported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class FloatRows:
    """Reads and scales features that are columns of numbers as they are.

    Parameters
    ----------
    columns
        The column of each feature.
    center, per_scale
        The scale of each, shape (d,).
    limit
        Where scaled values are clipped.
    """

    def __init__(self, columns: Sequence[str], center: Floats, per_scale: Floats, limit: float) -> None:
        self._columns, self._center, self._per_scale, self._limit = columns, center, per_scale, limit
        self._known: tuple[pa.StructType, NDArray[np.int64] | None] | None = None

    def scaled(self, rows: pa.StructArray) -> tuple[Floats, NDArray[np.bool_]] | None:
        """Return features of n rows, shape (n, d), and which rows have a value; None if they have to be looked at.

        That is where some rows are NULL, or a column is missing or is not float64.
        """
        positions = self._positions(rows.type)
        if positions is None or rows.null_count:
            return None
        result, present = np.empty((len(positions), len(rows))), np.zeros(len(rows), dtype=np.bool_)
        from adsql.kernels.rows import scale_rows  # noqa: PLC0415 - it needs numba, which one row need not wait for

        owner, address = exported(rows)
        scale_rows(address, positions, self._center, self._per_scale, LARGEST, self._limit, result, present)
        del owner  # not before: the address was its
        return result.T, present

    def _positions(self, row: pa.StructType) -> NDArray[np.int64] | None:
        # Chunks of one query have one type, and comparing it costs a twentieth of looking its columns up.
        known = self._known
        if known is None or known[0] != row:
            known = self._known = row, positions_of_floats(row, self._columns)
        return known[1]


def positions_of_floats(row: pa.StructType, names: Sequence[str]) -> NDArray[np.int64] | None:
    """Return where columns are among a row's, matched by name as in SQL; None unless all are there as float64.

    Examples
    --------
    >>> import pyarrow as pa
    >>> row = pa.struct([("day", pa.date32()), ("Fare", pa.float64())])
    >>> positions_of_floats(row, ["fare"]), positions_of_floats(row, ["day"])
    (array([1]), None)
    """
    places = {field.name: place for place, field in enumerate(row)}
    found = [places[own] for name in names if (own := column_named(name, places)) is not None]
    if len(found) < len(names) or not all(pa.types.is_float64(row.field(place).type) for place in found):
        return None
    return np.array(found, dtype=np.int64)
