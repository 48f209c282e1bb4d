"""Modified z-scores from the median absolute deviation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from adsql.contributions import of_root_mean_square
from adsql.detector import Capability, Params, Spec
from adsql.expressions import root_mean_square as root_mean_square_expression
from adsql.kernels.columns import root_mean_square
from adsql.state import SMALLEST_SCALE, State, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adsql.arrow import Floats
    from adsql.contributions import Contributions
    from adsql.expressions import E, Expressions

_CONSISTENT_MAD = 1.482602218505602  # 1 / Phi^-1(3/4): equals the deviation of a normal distribution
_SMALLEST = 1e-9  # of a feature's spread: values so close together are one value, and their squares could overflow
_CONSISTENT_MEAN_AD = 1.2533141373155001  # sqrt(pi / 2), likewise for the mean absolute deviation


@dataclass(frozen=True)
class MAD:
    """Root mean square of the columns' modified z-scores, (x - median) / (1.4826 MAD).

    As `zscore`, but up to half of the rows may be anomalies before they hide themselves. Where more than half
    of the rows share one value, the MAD is zero and the mean absolute deviation stands in, as Iglewicz and
    Hoaglin propose. Fails on data with several centres.

    Parameters
    ----------
    median, deviation : ndarray of shape (d,)
        Of the training features. Constant features have deviation 1.

    References
    ----------
    B. Iglewicz, D. C. Hoaglin (1993): How to detect and handle outliers. ASQC.

    Examples
    --------
    >>> import numpy as np
    >>> fitted = MAD.fit(np.array([[0.0], [1.0], [2.0], [3.0], [400.0]]), {}, 0)
    >>> fitted.score(np.array([[2.0], [9.0]])).round(2).tolist()
    [0.0, 4.72]
    """

    median: Floats
    deviation: Floats

    spec: ClassVar[Spec] = Spec(
        name="mad",
        summary="As zscore with median and median absolute deviation, which anomalies hardly move.",
        score="root mean square of the columns' modified z-scores; 1 is usual, 3.5 is far",
        parameters=(),
        capability=Capability.ROWS,
        cost="fit O(nd), score O(d) a row",
        references=("Iglewicz and Hoaglin 1993, ASQC",),
        aliases=("median_absolute_deviation",),
    )

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:  # noqa: ARG003 - nothing to choose
        """Fit to features of shape (n, d)."""
        median = np.median(X, axis=0)
        distance = np.abs(X - median)
        mad = np.median(distance, axis=0) * _CONSISTENT_MAD
        mean_ad = distance.mean(axis=0) * _CONSISTENT_MEAN_AD
        deviation = np.where(mad > _SMALLEST, mad, np.where(mean_ad >= SMALLEST_SCALE, mean_ad, 1.0))
        return cls(median, deviation)

    @property
    def n_features(self) -> int:
        """Columns of X."""
        return len(self.median)

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        return root_mean_square(X, self.median, self.deviation)

    def contributions(self, X: Floats) -> Contributions:
        """Return each feature's share of the sum of squares, of the score."""
        return of_root_mean_square(X, self.median, self.deviation)

    def expression(self, features: Sequence[E], sql: Expressions[E]) -> E:
        """Return the score as an expression of the features."""
        return root_mean_square_expression(features, self.median, self.deviation, sql)

    def trusted_score(self, limit: float) -> float:
        """Return the largest score of rows whose features surely all lie within ±limit."""
        return float(((limit - np.abs(self.median)) / self.deviation).min() / np.sqrt(self.n_features))

    def unscaled(self, center: Floats, scale: Floats) -> Self:
        """Return the detector whose score of raw rows is this one's of (raw - center) / scale."""
        return type(self)(center + scale * self.median, scale * self.deviation)

    def to_state(self) -> State:
        """Return what is stored."""
        return State(arrays={"median": self.median, "deviation": self.deviation})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check."""
        median, deviation = state.floats("median"), state.scales("deviation")
        require(len(median) == len(deviation), "mad: median and deviation differ in length")
        return cls(median, deviation)
