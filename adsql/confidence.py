"""How sure figures of labelled rows are: intervals that hold the true figure in 95 of 100 samples like this one.

None of them draws anything at random, so that the same rows give the same interval:

* a share of rows (precision, recall, precision at k): Wilson's score interval of a binomial share;
* F1: it grows with TP / (TP + FP + FN), which is such a share; Wilson's interval of that, carried over
  (the "indirect" interval of Lam and others, 2023);
* average precision: Wilson's interval of a share of as many rows as there are anomalies, the variance that Boyd, Eng
  and Page (2013) found to cover well;
* AUC-ROC: DeLong's variance (DeLong, DeLong and Clarke-Pearson 1988) on the logit scale, which keeps the interval
  inside (0, 1). A perfect ranking has no variance; there, the exact binomial bound of the rarer kind of rows counts.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

LEVEL = 0.95
_Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)


class Interval(NamedTuple):
    """A lower and an upper bound; None where the rows tell neither."""

    lower: float | None
    upper: float | None


NO_INTERVAL = Interval(None, None)


def wilson(share: float, n: int) -> Interval:
    """Return Wilson's interval of a share of n rows.

    Examples
    --------
    >>> lower, upper = wilson(1.0, 10)
    >>> round(lower, 6), upper
    (0.722467, 1.0)
    """
    z2 = _Z * _Z
    center = share + z2 / (2 * n)
    margin = _Z * math.sqrt(share * (1.0 - share) / n + z2 / (4.0 * n * n))
    lower, upper = (center - margin) / (1.0 + z2 / n), (center + margin) / (1.0 + z2 / n)
    return Interval(0.0 if share == 0.0 else max(lower, 0.0), 1.0 if share == 1.0 else min(upper, 1.0))


def f1_interval(hits: int, misses: int) -> Interval:
    """Return the interval of F1 for rows that are flagged or anomalous: how many are both, and how many are not."""
    bounds = wilson(hits / (hits + misses), hits + misses)
    lower, upper = (None if bound is None else 2.0 * bound / (1.0 + bound) for bound in bounds)
    return Interval(lower, upper)


class Placements(NamedTuple):
    """Where scores of one kind of rows lie among those of the other.

    Parameters
    ----------
    anomalies
        Of each anomaly, the share of normal rows with a lower score, ties counted half.
    normal
        Of each normal row, the share of anomalies with a higher score, ties counted half.
    """

    anomalies: Floats
    normal: Floats

    @classmethod
    def of(cls, scores: Floats, is_anomaly: NDArray[np.bool_]) -> Placements:
        """Return the placements of n rows with both kinds among them; O(n log n)."""
        high, low = np.sort(scores[is_anomaly]), np.sort(scores[~is_anomaly])
        below = np.searchsorted(low, scores[is_anomaly], "left") + np.searchsorted(low, scores[is_anomaly], "right")
        above = np.searchsorted(high, scores[~is_anomaly], "left") + np.searchsorted(high, scores[~is_anomaly], "right")
        return cls(below / (2.0 * len(low)), 1.0 - above / (2.0 * len(high)))

    @property
    def auc(self) -> float:
        """The area under the ROC curve: the mean of either part."""
        return float(self.anomalies.mean())

    def covariance(self, other: Placements) -> float | None:
        """Return DeLong's covariance of the areas of two rankings of the same rows; None for a kind of one row."""
        m, n = len(self.anomalies), len(self.normal)
        if min(m, n) == 1:
            return None
        high = float(np.cov(self.anomalies, other.anomalies)[0, 1])
        low = float(np.cov(self.normal, other.normal)[0, 1])
        return high / m + low / n


def auc_interval(placements: Placements) -> Interval:
    """Return DeLong's interval of the area under the ROC curve."""
    area, variance = placements.auc, placements.covariance(placements)
    fewest = min(len(placements.anomalies), len(placements.normal))
    if area in (0.0, 1.0):
        reach = ((1.0 - LEVEL) / 2.0) ** (1.0 / fewest)
        return Interval(reach, 1.0) if area == 1.0 else Interval(0.0, 1.0 - reach)
    if variance is None:
        return NO_INTERVAL
    center, margin = math.log(area / (1.0 - area)), _Z * math.sqrt(variance) / (area * (1.0 - area))
    return Interval(_expit(center - margin), _expit(center + margin))


def auc_p_value(one: Placements, other: Placements) -> float | None:
    """Return how likely two equally good rankings of these rows differ as much as these two: DeLong's test.

    Examples
    --------
    >>> labels = np.array([False, False, False, True, True, True])
    >>> one = Placements.of(np.array([1.0, 2.0, 4.0, 3.0, 5.0, 6.0]), labels)
    >>> auc_p_value(one, one)
    1.0
    """
    difference = one.auc - other.auc
    parts = one.covariance(one), other.covariance(other), one.covariance(other)
    if parts[0] is None or parts[1] is None or parts[2] is None:
        return None
    variance = parts[0] + parts[1] - 2.0 * parts[2]
    if difference == 0.0:
        return 1.0
    return math.erfc(abs(difference) / math.sqrt(2.0 * variance)) if variance > 0.0 else 0.0


def _expit(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value)) if value > 0.0 else math.exp(value) / (1.0 + math.exp(value))
