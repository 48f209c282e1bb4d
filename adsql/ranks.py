"""Ranks, as every statistic of this library takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from adsql.arrow import Floats


def mid_ranks(values: Floats) -> Floats:
    """Return how many values are smaller than each of n, and half of how many equal it; O(n log n).

    Examples
    --------
    >>> mid_ranks(np.array([3.0, 1.0, 3.0])).tolist()
    [2.0, 0.5, 2.0]
    """
    ordered = np.sort(values)
    ranks: Floats = (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / 2.0
    return ranks
