"""Standard scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from adsql.detector import Capability, Params, Spec
from adsql.kernels.columns import root_mean_square
from adsql.state import SMALLEST_SCALE, State, require

if TYPE_CHECKING:
    from adsql.arrow import Floats


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

    @property
    def n_features(self) -> int:
        """Columns of X."""
        return len(self.mean)

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        return root_mean_square(X, self.mean, self.deviation)

    def to_state(self) -> State:
        """Return what is stored."""
        return State(arrays={"mean": self.mean, "deviation": self.deviation})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check."""
        mean, deviation = state.floats("mean"), state.scales("deviation")
        require(len(mean) == len(deviation), "zscore: mean and deviation differ in length")
        return cls(mean, deviation)
