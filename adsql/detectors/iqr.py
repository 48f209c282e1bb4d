"""Distance outside the box of the quartiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from adsql.contributions import additive
from adsql.detector import Capability, Params, Spec
from adsql.kernels.columns import distance_outside
from adsql.state import SMALLEST_SCALE, State, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adsql.arrow import Floats
    from adsql.contributions import Contributions
    from adsql.expressions import E, Expressions


@dataclass(frozen=True)
class IQR:
    """Sum over the columns of the distance outside the quartiles, in interquartile ranges.

    In one column, Tukey's fences are the scores 1.5 and 3. Rows inside the box in every column score 0 and
    are not told apart. Where more than half of the rows share one value the box has no width, and 1.349
    standard deviations stand in for its width.

    Parameters
    ----------
    low, high, width : ndarray of shape (d,)
        Lower and upper quartile, and their distance.

    References
    ----------
    J. W. Tukey (1977): Exploratory data analysis. Addison-Wesley.

    Examples
    --------
    >>> import numpy as np
    >>> fitted = IQR.fit(np.array([[0.0], [1.0], [2.0], [3.0], [4.0]]), {}, 0)
    >>> fitted.score(np.array([[2.0], [6.0]])).tolist()
    [0.0, 1.5]
    """

    low: Floats
    high: Floats
    width: Floats

    spec: ClassVar[Spec] = Spec(
        name="iqr",
        summary="How far a row lies outside the quartiles of each column (Tukey's box plot).",
        score="interquartile ranges outside the box, summed over the columns; 1.5 is Tukey's fence",
        parameters=(),
        capability=Capability.ROWS,
        cost="fit O(nd), score O(d) a row",
        references=("Tukey 1977, Exploratory data analysis",),
        aliases=("interquartile_range",),
    )

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:  # noqa: ARG003 - nothing to choose
        """Fit to features of shape (n, d)."""
        low, high = np.quantile(X, [0.25, 0.75], axis=0)
        deviation = X.std(axis=0) * 1.349
        width = np.where(
            high - low >= SMALLEST_SCALE, high - low, np.where(deviation >= SMALLEST_SCALE, deviation, 1.0)
        )
        return cls(low, high, width)

    @property
    def n_features(self) -> int:
        """Columns of X."""
        return len(self.low)

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        return distance_outside(X, self.low, self.high, self.width)

    def contributions(self, X: Floats) -> Contributions:
        """Return each feature's distance outside its box."""
        outside = np.maximum(self.low - X, 0.0) + np.maximum(X - self.high, 0.0)
        return additive(outside / self.width, (self.low + self.high) / 2.0)

    def expression(self, features: Sequence[E], sql: Expressions[E]) -> E:
        """Return the score as an expression of the features."""
        terms = []
        for x, bounds, size in zip(features, zip(self.low, self.high, strict=True), self.width, strict=True):
            low, high, width = (sql.number(float(value)) for value in (*bounds, size))
            below = sql.quotient(sql.difference(low, x), width)
            above = sql.quotient(sql.difference(x, high), width)
            terms.append(sql.case([(sql.less(x, low), below), (sql.less(high, x), above)], sql.number(0.0)))
        return sql.sum(terms)

    def to_state(self) -> State:
        """Return what is stored."""
        return State(arrays={"low": self.low, "high": self.high, "width": self.width})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check."""
        low, high, width = state.floats("low"), state.floats("high"), state.scales("width")
        require(len(low) == len(high) == len(width), "iqr: low, high and width differ in length")
        require(bool((low <= high).all()), "iqr: a box is inside out")
        return cls(low, high, width)
