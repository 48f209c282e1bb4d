"""What verdicts on a few rows make of the scores of all others: a sum of bumps around them, and a slope."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel, kernel_of_a_row
from adsql.kernels.gaussians import exponentials
from adsql.kernels.squares import squared_distances

if TYPE_CHECKING:
    from adsql.arrow import Floats

_FURTHEST = 1e300  # thresholds and spreads are smaller: no quotient becomes infinite
_STEEPEST = 400.0  # the hyperbolic sine of it is finite, also times any spread


@kernel_of_a_row(lambda *_: 1)
def log_odds_of_scores(scores: Floats, threshold: float, spread: float) -> Floats:
    """Return how far scores lie above a threshold, logarithmically: 0 at the threshold, shape (n,)."""
    result = np.empty(scores.shape[0])
    for i in range(scores.shape[0]):
        distance = (scores[i] - threshold) / spread
        result[i] = math.asinh(min(max(distance, -_FURTHEST), _FURTHEST))
    return result


@kernel_of_a_row(lambda *_: 1)
def scores_of_log_odds(log_odds: Floats, threshold: float, spread: float) -> Floats:
    """Return the scores whose `log_odds_of_scores` are these, shape (n,)."""
    result = np.empty(log_odds.shape[0])
    for i in range(log_odds.shape[0]):
        result[i] = threshold + spread * math.sinh(min(max(log_odds[i], -_STEEPEST), _STEEPEST))
    return result


@kernel
def squeezed(X: Floats, scale: Floats) -> Floats:
    """Return features on a scale on which far values lie close, shape (n, d)."""
    result = np.empty(X.shape)
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            result[i, j] = math.asinh(X[i, j]) / scale[j]
    return result


@kernel_of_a_row(lambda X, _log_odds, _scale, judged, *_: 3 * X.size + 40 * judged.shape[1])
def corrected(
    X: Floats,
    log_odds: Floats,
    scale: Floats,
    judged: Floats,
    heights: Floats,
    tilts: Floats,
    slopes: Floats,
    trust: float,
    shift: float,
) -> Floats:
    """Return the log odds of rows after verdicts on others, shape (n,); O(d m) a row.

    Parameters
    ----------
    X
        Rows, shape (n, d).
    log_odds
        What the detector says of them.
    scale
        What `squeezed` takes.
    judged
        The squeezed rows that verdicts are on, column by column: shape (d, m).
    heights, tilts
        How much a row at each of them is raised, and by how much of what the detector says: shape (m,).
    slopes
        How much each squeezed feature raises, shape (d,).
    trust
        What is kept of what the detector says.
    shift
        What is added to every row.
    """
    n, d = X.shape
    point, near = np.empty(d), np.empty(judged.shape[1])
    result = np.empty(n)
    for i in range(n):
        raised = trust * log_odds[i] + shift
        for j in range(d):
            point[j] = math.asinh(X[i, j]) / scale[j]
            raised += slopes[j] * point[j]
        squared_distances(near, point, judged, 0)
        for r in range(near.shape[0]):
            near[r] = -near[r]
        exponentials(near)
        for r in range(near.shape[0]):
            raised += (heights[r] + tilts[r] * log_odds[i]) * near[r]
        result[i] = raised
    return result
