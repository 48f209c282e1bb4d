"""Standard scores."""

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


@dataclass(frozen=True)
class ZScore:
    """Root mean square of the columns' z-scores.

    With one column this is |x - mean| / standard deviation. With several, each contributes its square, so
    that the score's square is their mean. Fails on data with several centres, and where a few huge values
    inflate the standard deviation that should expose them; `mad` does not.

    Parameters
    ----------
    mean, deviation : ndarray of shape (d,)
        Of the training features. Constant features have deviation 1.

    References
    ----------
    F. E. Grubbs (1969): Procedures for detecting outlying observations in samples. Technometrics 11(1).

    Examples
    --------
    >>> import numpy as np
    >>> fitted = ZScore.fit(np.array([[0.0], [1.0], [2.0], [3.0], [4.0]]), {}, 0)
    >>> fitted.score(np.array([[2.0], [9.0]])).round(2).tolist()
    [0.0, 4.95]
    """

    mean: Floats
    deviation: Floats

    spec: ClassVar[Spec] = Spec(
        name="zscore",
        summary="How many standard deviations a row lies from the mean, over all columns.",
        score="root mean square of the columns' z-scores; 1 is usual, 3 is far",
        parameters=(),
        capability=Capability.ROWS,
        cost="fit O(nd), score O(d) a row",
        references=("Grubbs 1969, Technometrics 11(1)",),
        aliases=("z_score",),
    )

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:  # noqa: ARG003 - nothing to choose
        """Fit to features of shape (n, d)."""
        deviation = X.std(axis=0)
        return cls(X.mean(axis=0), np.where(deviation >= SMALLEST_SCALE, deviation, 1.0))

    def updated(self, X: Floats, weight: float, params: Params, seed: int) -> Self:  # noqa: ARG002 - nothing to choose
        """Return the mean and deviation of the old and the new rows together."""
        mean, old = X.mean(axis=0), 1.0 - weight
        variance = old * self.deviation**2 + weight * X.var(axis=0) + old * weight * (mean - self.mean) ** 2
        deviation = np.where(variance > 0, np.sqrt(variance), self.deviation)
        return type(self)(old * self.mean + weight * mean, deviation)

    @property
    def n_features(self) -> int:
        """Columns of X."""
        return len(self.mean)

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        return root_mean_square(X, self.mean, self.deviation)

    def contributions(self, X: Floats) -> Contributions:
        """Return each feature's share of the sum of squares, of the score."""
        return of_root_mean_square(X, self.mean, self.deviation)

    def expression(self, features: Sequence[E], sql: Expressions[E]) -> E:
        """Return the score as an expression of the features."""
        return root_mean_square_expression(features, self.mean, self.deviation, sql)

    def trusted_score(self, limit: float) -> float:
        """Return the largest score of rows whose features surely all lie within ±limit."""
        return float(((limit - np.abs(self.mean)) / self.deviation).min() / np.sqrt(self.n_features))

    def unscaled(self, center: Floats, scale: Floats) -> Self:
        """Return the detector whose score of raw rows is this one's of (raw - center) / scale."""
        return type(self)(center + scale * self.mean, scale * self.deviation)

    def to_state(self) -> State:
        """Return what is stored."""
        return State(arrays={"mean": self.mean, "deviation": self.deviation})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check."""
        mean, deviation = state.floats("mean"), state.scales("deviation")
        require(len(mean) == len(deviation), "zscore: mean and deviation differ in length")
        return cls(mean, deviation)
