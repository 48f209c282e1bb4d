"""The hypergeometric distribution's upper tail: what Fisher's exact test asks for."""

from __future__ import annotations

import math

import numpy as np


def at_least(hits: int, rows: int, marked: int, n: int) -> float:
    """Return the probability of at least so many hits among so many rows, drawn at random from n without replacement.

    Parameters
    ----------
    hits
        How many, at least.
    rows
        Rows drawn.
    marked
        Rows among all n that are hits.
    n
        All rows.

    Examples
    --------
    >>> round(at_least(2, 2, 3, 4), 12)  # of 6 pairs of 4 rows, 3 are of the 3 that are marked
    0.5
    """
    most = min(rows, marked)
    if hits <= max(0, rows + marked - n):
        return 1.0
    term = math.exp(_choices(marked, hits) + _choices(n - marked, rows - hits) - _choices(n, rows))
    total = 0.0
    for k in range(hits, most + 1):
        total += term
        term *= (marked - k) * (rows - k) / ((k + 1) * (n - marked - rows + k + 1)) if k < most else 0.0
        if term < total * np.finfo(np.float64).eps:
            break
    return min(total, 1.0)


def _choices(n: int, k: int) -> float:
    """Return ln of how many ways there are to choose k of n."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
