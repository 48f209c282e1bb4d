"""Principal components of a series' windows: shapes that the usual ones are not made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.windows import covering_mean
from adsql.linear_algebra import on_one_thread
from adsql.series.periods import normalised
from adsql.series.window_neighbours import shape_period

if TYPE_CHECKING:
    from adsql.arrow import Floats

LEARNED = 2_000  # windows that the components are learned from
_CONDITION = 1e-4  # of the largest variance: components below it are rounding and noise
_BLOCK = 4_096


@on_one_thread
def sub_pca(values: Floats, width: int | None = None, seed: int = 0) -> Floats:
    """Score points by how far the windows that cover them are from the mean window, in units of the components.

    Windows are rows of a table whose principal components tell what usual windows are made of; along a component of
    little variance a small distance counts much. An anomaly that is long or repeated becomes a component itself and
    is usual then. Retrospective.

    Parameters
    ----------
    values
        Shape (n,); NaN is interpolated.
    width
        Points in a window; None for the highest peak of the autocorrelation, 125 where there is none.
    seed
        For the windows learned from, where there are more than 2,000.

    Returns
    -------
    ndarray of shape (n,)
        Mean over the covering windows of the squared distance along each component over its variance, added up, and
        divided by their number; zeros where fewer than two windows fit.

    Notes
    -----
    O(n width^2 + width^3).

    References
    ----------
    Shyu and others: A novel anomaly detection scheme based on principal component classifier, 2003. Paparrizos and
    others: TSB-UAD, 2022, applies it to windows.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.sin(np.arange(1_000) / 5.0) + np.random.default_rng(0).normal(0.0, 0.1, 1_000)
    >>> values[500:520] = 0.0
    >>> bool(480 < sub_pca(values).argmax() < 540)
    True
    """
    x = normalised(values)
    n = len(x)
    if not x.any():
        return np.zeros(len(values))
    length = shape_period(x) if width is None else max(width, 2)
    if n < 2 * length:
        return np.zeros(len(values))
    windows = np.lib.stride_tricks.sliding_window_view(x, length)
    count = len(windows)
    places = np.arange(count)
    if count > LEARNED:
        places = np.sort(np.random.default_rng(seed).choice(count, LEARNED, replace=False))
    learned = windows[places]
    mean = learned.mean(axis=0)
    variances, components = np.linalg.eigh(np.cov(learned - mean, rowvar=False, bias=True))
    kept = variances > _CONDITION * variances[-1]
    scaled = components[:, kept] / np.sqrt(variances[kept])
    scores = np.empty(count)
    for first in range(0, count, _BLOCK):
        block = (windows[first : first + _BLOCK] - mean) @ scaled
        scores[first : first + _BLOCK] = (block**2).mean(axis=1)
    return covering_mean(scores, length, n)
