"""The matrix profile: z-normalised windows of a series against each other, diagonal by diagonal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

_FLAT = 1e-6  # of the series' standard deviation: a window that varies less is constant


@kernel
def matrix_profile(x: Floats, width: int, lags: NDArray[np.int64]) -> Floats:
    """Return each window's z-normalised distance to the nearest of those that lie one of the lags away.

    Of shape (n - width + 1,), infinite for a window that has none. Constant windows are equal to each other, and as
    far from the others as unrelated windows are, sqrt(2 width). O(n lags), however long the windows are.
    """
    count = x.shape[0] - width + 1
    means, inverse = np.empty(count), np.zeros(count)
    least = _FLAT * np.std(x) * np.sqrt(width)
    for t in range(count):
        window = x[t : t + width]
        means[t] = window.mean()
        norm = np.sqrt(((window - means[t]) ** 2).sum())
        if norm > least:
            inverse[t] = 1.0 / norm
    leaving, entering = np.zeros(count), np.zeros(count)
    for t in range(1, count):
        leaving[t] = (x[t + width - 1] - x[t - 1]) / 2.0
        entering[t] = (x[t + width - 1] - means[t]) + (x[t - 1] - means[t - 1])
    best = np.full(count, -np.inf)
    for lag in lags:
        covariance = ((x[:width] - means[0]) * (x[lag : lag + width] - means[lag])).sum()
        for t in range(count - lag):
            other = t + lag
            if t > 0:
                covariance += leaving[t] * entering[other] + leaving[other] * entering[t]
            correlation = covariance * inverse[t] * inverse[other]
            if inverse[t] == 0.0 and inverse[other] == 0.0:
                correlation = 1.0
            best[t] = max(best[t], correlation)
            best[other] = max(best[other], correlation)
    return np.sqrt(np.maximum(2.0 * width * (1.0 - best), 0.0))
