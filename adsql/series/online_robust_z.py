"""Values against the median of those before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.sliding import past_medians
from adsql.series.expectation import MIN_POINTS, Expected, causal_tails, standardised

if TYPE_CHECKING:
    from adsql.arrow import Floats

WINDOW = 500


def online_robust_z(values: Floats, window: int = WINDOW) -> Expected:
    """Expect of each point the median of those before it, as far off as they are: the median distance from it.

    It follows a level with a delay of half a window, and knows no season: what comes every day is as usual as the
    window is long, but a usual value at an unusual time is not found. Causal.

    Parameters
    ----------
    values
        Shape (n,), NaN where there is none.
    window
        Values before that count.

    Returns
    -------
    Expected
        Bounds are fitted to the deviations so far. Nothing is known of the first 24 points.

    Notes
    -----
    O(n window).

    References
    ----------
    Hampel: The influence curve and its role in robust estimation, 1974. Leys and others: Detecting outliers, 2013.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.random.default_rng(0).normal(size=300)
    >>> values[200] = 7.0
    >>> int(np.nanargmax(online_robust_z(values).deviates(values)))
    200
    """
    x = np.where(np.isfinite(values), values, np.nan)
    expected, scale = past_medians(x, window, MIN_POINTS // 2)
    return Expected(expected, scale, tuple(causal_tails(standardised(x, expected, scale), MIN_POINTS)), ())
