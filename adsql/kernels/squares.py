"""Squared distances between one point and many, which are stored column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adsql.kernels.compiled import kernel, kernel_like

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray


# Each on its own, so that the compiler sees contiguous arrays and vectorises.
@kernel
def _add_square(total: NDArray[Any], a: float, column: NDArray[Any]) -> None:
    for r in range(total.shape[0]):
        difference = a - column[r]
        total[r] += difference * difference


@kernel
def _add_four_squares(
    total: NDArray[Any],
    a: float,
    b: float,
    c: float,
    d: float,
    column_a: NDArray[Any],
    column_b: NDArray[Any],
    column_c: NDArray[Any],
    column_d: NDArray[Any],
) -> None:
    for r in range(total.shape[0]):
        e, f, g, h = a - column_a[r], b - column_b[r], c - column_c[r], d - column_d[r]
        # Added one after another, as column by column: the same bits.
        total[r] = (((total[r] + e * e) + f * f) + g * g) + h * h


def _squared_distances_of_arrays(total: NDArray[Any], point: NDArray[Any], columns: NDArray[Any], start: int) -> None:
    total[:] = 0.0
    for value, column in zip(point, columns, strict=True):
        difference = value - column[start : start + total.shape[0]]
        total += difference * difference


@kernel_like(_squared_distances_of_arrays)
def squared_distances(total: NDArray[Any], point: NDArray[Any], columns: NDArray[Any], start: int) -> None:
    """Write the squared distances between a point and columns[:, start : start + len(total)] to total.

    Four columns at a time, since loading and storing the total costs as much as a column.
    """
    stop = start + total.shape[0]
    d = point.shape[0]
    whole = d - d % 4
    total[:] = 0.0
    for j in range(0, whole, 4):
        _add_four_squares(
            total, point[j], point[j + 1], point[j + 2], point[j + 3],
            columns[j, start:stop], columns[j + 1, start:stop], columns[j + 2, start:stop], columns[j + 3, start:stop],
        )  # fmt: skip
    for j in range(whole, d):
        _add_square(total, point[j], columns[j, start:stop])
