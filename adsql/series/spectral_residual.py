"""Spectral residual: what stands out of a series once the usual of its spectrum is taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.series.periods import normalised

if TYPE_CHECKING:
    from adsql.arrow import Floats

SMOOTHED = 3  # frequencies
COMPARED = 21  # points
_EXTENDED = 5  # points beyond the end, so that the last ones are not at an edge
_LEAST = 1e-8


def spectral_residual(values: Floats, width: int = COMPARED) -> Floats:
    """Score points by their saliency: the log spectrum without its moving average, made a series again.

    Each saliency is set against the mean of those around it. It finds single values and jumps, and costs little; long
    anomalies stand out only where they begin and end. Retrospective.

    Parameters
    ----------
    values
        Shape (n,); NaN is interpolated.
    width
        Points of saliency that each is compared with.

    Returns
    -------
    ndarray of shape (n,)
        How many times the mean saliency around it a point has, less 1, and at least 0; zeros for a constant series.

    Notes
    -----
    O(n log n). The paper looks at a window of the latest points; here it is the whole series.

    References
    ----------
    Ren and others: Time-series anomaly detection service at Microsoft, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.sin(np.arange(500) / 8.0)
    >>> values[300] += 2.0
    >>> int(spectral_residual(values).argmax())
    300
    """
    x = normalised(values)
    n = len(x)
    if n < 2 * _EXTENDED or not x.any():
        return np.zeros(len(values))
    slopes = (x[-1] - x[-1 - _EXTENDED : -1]) / np.arange(_EXTENDED, 0, -1)
    extended = np.concatenate([x, np.full(_EXTENDED, x[-_EXTENDED] + slopes.mean() * _EXTENDED)])
    spectrum = np.fft.fft(extended)
    amplitude = np.maximum(np.abs(spectrum), _LEAST)
    residual = np.log(amplitude) - _moving_mean(np.log(amplitude), SMOOTHED)
    saliency = np.abs(np.fft.ifft(np.exp(residual) * spectrum / amplitude))[:n]
    around = np.maximum(_moving_mean(saliency, width), _LEAST)
    return np.maximum(saliency / around - 1.0, 0.0)


def _moving_mean(x: Floats, width: int) -> Floats:
    """Return the mean of the `width` values around each, of fewer at the ends."""
    sums = np.concatenate([[0.0], np.cumsum(x)])
    first = np.maximum(np.arange(len(x)) - width // 2, 0)
    last = np.minimum(np.arange(len(x)) + (width + 1) // 2, len(x))
    mean: Floats = (sums[last] - sums[first]) / (last - first)
    return mean
