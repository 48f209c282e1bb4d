"""Samples that stand for all rows seen, old and new: how detectors that keep rows learn from further ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from adsql.arrow import Floats


def merged_rows(reference: Floats, X: Floats, weight: float, size: int, seed: int) -> Floats:
    """Return rows drawn from a sample and from new rows, in proportion to what each stands for.

    Parameters
    ----------
    reference
        The old sample, column by column: shape (d, m).
    X
        The new rows, shape (n, d).
    weight
        The share of the new rows among all seen, in (0, 1).
    size
        The most rows to keep.
    seed
        For the draws, which are without replacement.

    Returns
    -------
    ndarray of shape (d, at most size)
        At least one row of each.
    """
    random = np.random.default_rng(seed)
    old, new = reference.shape[1], len(X)
    total = min(size, old + new)
    from_new = int(np.clip(round(weight * total), max(total - old, 1), min(new, total - 1)))
    kept = np.sort(random.choice(old, total - from_new, replace=False))
    drawn = np.sort(random.choice(new, from_new, replace=False))
    return np.ascontiguousarray(np.hstack([reference[:, kept], X[drawn].T]))


def merged_quantiles(ordered: Floats, X: Floats, weight: float) -> Floats:
    """Return each column's distribution over old and new rows, as quantiles of both in proportion.

    Parameters
    ----------
    ordered
        Old values, ascending in each row: shape (d, m).
    X
        The new rows, shape (n, d).
    weight
        The share of the new rows among all seen, in (0, 1).

    Returns
    -------
    ndarray of shape (d, max(m, n))
        Ascending in each row; the smallest and the largest value of old and new rows are among them.
    """
    new = np.sort(X.T, axis=1)
    size = max(ordered.shape[1], new.shape[1], 4)
    from_new = int(np.clip(round(weight * size), 2, size - 2))
    return np.sort(np.hstack([_evenly(ordered, size - from_new), _evenly(new, from_new)]), axis=1)


def _evenly(ordered: Floats, count: int) -> Floats:
    positions = np.linspace(0, ordered.shape[1] - 1, count).round().astype(np.int64)
    return ordered[:, positions]
