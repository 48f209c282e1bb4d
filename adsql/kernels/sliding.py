"""The median of the values before each point, and how far they are from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel

if TYPE_CHECKING:
    from adsql.arrow import Floats


@kernel
def past_medians(x: Floats, width: int, first: int) -> tuple[Floats, Floats]:
    """Return the median of the last `width` values before each point, and the median distance from it; shape (n,).

    NaN while there are fewer than `first` values before; NaN in x counts as none. O(n width).
    """
    n = x.shape[0]
    medians, distances = np.full(n, np.nan), np.full(n, np.nan)
    ordered, recent = np.empty(width), np.empty(width)
    size = seen = 0
    for t in range(n):
        if size >= first:
            medians[t] = (ordered[(size - 1) // 2] + ordered[size // 2]) / 2.0
            distances[t] = _median_distance(ordered, size, medians[t])
        if np.isnan(x[t]):
            continue
        if size == width:
            _remove(ordered, size, recent[seen % width])
            size -= 1
        _insert(ordered, size, x[t])
        size += 1
        recent[seen % width] = x[t]
        seen += 1
    return medians, distances


@kernel
def _insert(ordered: Floats, size: int, value: float) -> None:
    place = np.searchsorted(ordered[:size], value)
    for i in range(size, place, -1):
        ordered[i] = ordered[i - 1]
    ordered[place] = value


@kernel
def _remove(ordered: Floats, size: int, value: float) -> None:
    for i in range(np.searchsorted(ordered[:size], value), size - 1):
        ordered[i] = ordered[i + 1]


@kernel
def _median_distance(ordered: Floats, size: int, centre: float) -> float:
    """Return the median distance of ascending values from a centre, by going outwards from it."""
    above = np.searchsorted(ordered[:size], centre)
    below = above - 1
    low = high = 0.0
    for rank in range(size // 2 + 1):
        low = high
        if below < 0 or (above < size and ordered[above] - centre < centre - ordered[below]):
            high = ordered[above] - centre
            above += 1
        else:
            high = centre - ordered[below]
            below -= 1
        if rank == 0:
            low = high
    return (low + high) / 2.0 if size % 2 == 0 else high
