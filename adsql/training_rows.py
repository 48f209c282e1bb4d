"""What several fits do first: draw rows, and put columns on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from adsql.arrow import Floats

# A tenth of a column's deviation, squared. Directions that vary less are widened to it: otherwise rounding, or an
# equation between columns that all training rows fulfil, would outweigh everything else in a score.
NARROWEST_VARIANCE = 0.01
SMALLEST_DEVIATION = 1e-9
_FURTHEST = 100.0
_NORMAL_QUARTILES = 1.349  # how far apart they lie, in standard deviations


def draw_rows(X: Floats, size: int, seed: int) -> Floats:
    """Return at most `size` rows of X, drawn without replacement, in X's order.

    Examples
    --------
    >>> import numpy as np
    >>> draw_rows(np.arange(10.0)[:, None], 3, seed=0).shape
    (3, 1)
    """
    if len(X) <= size:
        return X
    return X[np.sort(np.random.default_rng(seed).choice(len(X), size, replace=False))]


def mean_and_deviation(X: Floats) -> tuple[Floats, Floats]:
    """Return each column's mean and standard deviation; that of a column constant but for rounding is 1.

    Examples
    --------
    >>> import numpy as np
    >>> mean_and_deviation(np.array([[1.0, 0.1], [3.0, 0.1]]))
    (array([2. , 0.1]), array([1., 1.]))
    """
    return X.mean(axis=0), not_zero(X.std(axis=0), X)


def not_zero(deviation: Floats, X: Floats) -> Floats:
    """Return deviations of X's columns, with 1 in place of those that rounding alone explains."""
    least = SMALLEST_DEVIATION * np.maximum(np.abs(X).max(axis=0), 1.0)
    return np.where(deviation > least, deviation, 1.0)


def winsorised(X: Floats) -> Floats:
    """Return X with values further than 100 robust deviations from their column's median moved there.

    So a few huge values do not decide the scale on which all others look alike.

    Examples
    --------
    >>> import numpy as np
    >>> float(winsorised(np.append(np.arange(99.0), 1e9)[:, None]).max().round())
    3719.0
    """
    low, median, high = np.quantile(X, [0.25, 0.5, 0.75], axis=0)
    spread = (high - low) / _NORMAL_QUARTILES
    reach = _FURTHEST * np.where(spread > 0, spread, X.std(axis=0))
    return np.clip(X, median - reach, median + reach)
