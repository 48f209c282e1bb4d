"""What each feature of a row contributes to its score.

However they are found, the contributions of a row add up to its score less the detector's `base`. Detectors that add
up terms, distances or paths split their own (`adsql.abilities.Explains`), with a base of 0 but for forests, whose base
is the score of a usual row. For any other the Shapley values against a usual row are sampled: features are put in one
after another, in a few orders that are the same for every row, and each gets the mean of what it raised the score by.

A usual row has the training median in every column, which is 0 on the scale of the features.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from adsql.abilities import Explains
from adsql.kernels.forms import form_shares

if TYPE_CHECKING:
    from collections.abc import Callable

    from adsql.arrow import Floats
    from adsql.detector import Fitted

_FAULTS = 5  # features whose values are taken to be wrong together, at most
ORDERS = 8  # each forwards and backwards, which cancels most of the error of a few
_SEED = 0


class Contributions(NamedTuple):
    """Of n rows.

    Parameters
    ----------
    parts
        Of each feature, shape (n, d); a row's add up to its score less `base`.
    base
        What no feature accounts for.
    expected
        The values that would not be strange, on the scale of the features, shape (n, d).
    is_conditional
        Whether those are the values that go with the rest of each row, and not what is usual in all rows.
    """

    parts: Floats
    base: float
    expected: Floats
    is_conditional: bool = False


def contributions_of(detector: Fitted, X: Floats) -> Contributions:
    """Return a detector's own contributions, or sampled ones where it has none; see `sampled` for what these cost."""
    return detector.contributions(X) if isinstance(detector, Explains) else sampled(detector.score, X)


def additive(parts: Floats, usual: Floats) -> Contributions:
    """Return contributions of a score that is a sum over the features, whose usual values are the same for all rows."""
    return Contributions(parts, 0.0, np.broadcast_to(usual, parts.shape))


def of_root_mean_square(X: Floats, center: Floats, scale: Floats) -> Contributions:
    """Return contributions to the root mean square of (x - center) / scale: its share of the sum of squares each."""
    squares = ((X - center) / scale) ** 2
    length = np.sqrt(squares.mean(axis=1, keepdims=True))
    parts = np.divide(squares, length, out=np.zeros_like(squares), where=length > 0) / X.shape[1]
    return additive(parts, center)


def of_squared_length(X: Floats, center: Floats, forms: Floats, scores: Floats) -> Contributions:
    """Return contributions to a score that grows with the squared length of forms @ (x - center).

    The feature that lowers the length most, if it has the value that goes best with the others, comes first; that
    value is the expected one. Then, with the first free to follow, comes the next, and so on: reconstruction-based
    contributions of one fault after another. O(d^2) a row.

    References
    ----------
    C. F. Alcala, S. J. Qin (2009): Reconstruction-based contribution for process monitoring. Automatica 45(7).
    """
    shares, fitting = form_shares(X, center, forms.T @ forms, _FAULTS)
    return Contributions(in_proportion(shares, scores), 0.0, fitting, is_conditional=True)


def in_proportion(amounts: Floats, scores: Floats) -> Floats:
    """Return scores split in proportion to amounts of at least 0, shape (n, d); evenly where all amounts are 0."""
    total = amounts.sum(axis=1, keepdims=True)
    even = np.full_like(amounts, 1.0 / amounts.shape[1])
    shares: Floats = np.divide(amounts, total, out=even, where=total > 0)
    return shares * scores[:, None]


def sampled(score: Callable[[Floats], Floats], X: Floats) -> Contributions:
    """Return Shapley values against a usual row, sampled in a few orders of the features.

    Costs 16 d scores a row. A row's contributions depend on the row and the detector alone: all rows have the same
    orders. Their sum is exact; each is off by what the other orders would add.

    References
    ----------
    E. Strumbelj, I. Kononenko (2014): Explaining prediction models and individual predictions with feature
    contributions. Knowledge and Information Systems 41(3).

    Examples
    --------
    >>> found = sampled(lambda X: X[:, 0] * X[:, 1] + X[:, 2], np.array([[2.0, 3.0, 5.0]]))
    >>> found.parts.tolist(), found.base
    ([[3.0, 3.0, 5.0]], 0.0)
    """
    n, d = X.shape
    random = np.random.default_rng(_SEED)
    parts, base = np.zeros((n, d)), float(score(np.zeros((1, d)))[0])
    for _ in range(ORDERS):
        order = random.permutation(d)
        for path in (order, order[::-1]):
            mixed, before = np.zeros((n, d), order="F"), np.full(n, base)
            for j in path:
                mixed[:, j] = X[:, j]
                after = score(mixed)
                parts[:, j] += after - before
                before = after
    return Contributions(parts / (2 * ORDERS), base, np.zeros((n, d)))
