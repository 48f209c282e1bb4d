"""Histogram-based outlier score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from adsql.contributions import additive
from adsql.detector import Capability, Parameter, Params, Spec
from adsql.expressions import check_steps
from adsql.kernels.columns import histogram_surprise
from adsql.state import State, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adsql.arrow import Floats
    from adsql.contributions import Contributions
    from adsql.expressions import E, Expressions

_MAX_BINS = 10_000
_HAIR = 1e-9
_PLACES_OUTSIDE = 2
_MOST_PER_UNIT = 4e5  # features reach 1e9: places must stay below 1e15


@dataclass(frozen=True)
class HBOS:
    """Sum over the columns of -log2(height of the value's bin + alpha).

    Bins have equal width, their heights are relative to the highest. A value outside the training range falls
    into a bin of height 0. Each column is judged alone: rows that are strange only in combination are missed.
    By default the number of bins follows Doane's rule, which allows for skewness.

    Parameters
    ----------
    low : ndarray of shape (d,)
        Where each column's first bin begins.
    per_unit : ndarray of shape (d,)
        Bins in a unit of each column: 1 / width.
    first : ndarray of shape (d + 1,)
        Where each column's places begin: one for values below its bins, its bins, and one for values above.
    surprise : ndarray of shape (places,)
        -log2(height + alpha) of each place.

    References
    ----------
    M. Goldstein, A. Dengel (2012): Histogram-based outlier score (HBOS): a fast unsupervised anomaly
    detection algorithm. KI-2012 poster track. D. P. Doane (1976): Aesthetic frequency classifications.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [0.1], [0.2], [1.0]])
    >>> HBOS.fit(X, {"n_bins": 2, "alpha": 0.5}, 0).score(np.array([[0.0], [1.0], [5.0]])).round(3).tolist()
    [-0.585, 0.263, 1.0]
    """

    low: Floats
    per_unit: Floats
    first: NDArray[np.int32]
    surprise: Floats

    spec: ClassVar[Spec] = Spec(
        name="hbos",
        summary="How rare the values are in each column's histogram; fast on wide tables.",
        score="sum over the columns of -log2(relative height of the bin + alpha)",
        parameters=(
            Parameter("n_bins", "auto", "Bins per column, or Doane's rule.", int, 2, _MAX_BINS, choices=("auto",)),
            Parameter(
                "alpha",
                0.1,
                "Added to every height, so that empty bins count finitely.",
                float,
                0.0,
                1.0,
                True,
            ),
        ),
        capability=Capability.ROWS,
        cost="fit O(nd), score O(d) a row",
        references=(
            "Goldstein and Dengel 2012, KI-2012 poster track",
            "Doane 1976, The American Statistician 30(4)",
        ),
        aliases=("histogram_based_outlier_score",),
    )

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:  # noqa: ARG003 - nothing is random
        """Fit to features of shape (n, d)."""
        bins, alpha = params["n_bins"], float(params["alpha"])
        histograms = []
        for column in X.T:
            count = _doane(column) if bins == "auto" else int(bins)
            low, high = float(column.min()), float(column.max())
            if low == high:
                low, high = low - 0.5, high + 0.5
            # A hair wider than the values, so that the largest one does not begin a bin of its own.
            per_unit = count / ((high - low) * (1.0 + _HAIR))
            heights = np.bincount(_places(column, low, per_unit, count), minlength=count + 2)
            histograms.append((low, per_unit, heights / heights.max()))
        return cls._of(histograms, alpha)

    @classmethod
    def _of(cls, histograms: Sequence[tuple[float, float, Floats]], alpha: float) -> Self:
        low, per_unit, heights = zip(*histograms, strict=True)
        first = np.cumsum([0, *(len(part) for part in heights)], dtype=np.int32)
        return cls(np.array(low), np.array(per_unit), first, -np.log2(np.concatenate(heights) + alpha))

    def updated(self, X: Floats, weight: float, params: Params, seed: int) -> Self:  # noqa: ARG002 - nothing is random
        """Return the histograms of the old and the new rows together; bins of the same width are added at the ends.

        At most as many bins as `n_bins` may be: what lies farther out stays outside.
        """
        alpha = float(params["alpha"])
        histograms = []
        for j, column in enumerate(X.T):
            surprise = self.surprise[self.first[j] : self.first[j + 1]]
            old = np.maximum(np.exp2(-surprise) - alpha, 0.0)
            low, per_unit, count = float(self.low[j]), float(self.per_unit[j]), len(old) - 2
            room = max(_MAX_BINS - count, 0)
            before = int(np.clip(np.ceil((low - column.min()) * per_unit), 0, room))
            after = int(np.clip(np.floor((column.max() - low) * per_unit) + 1 - count, 0, room - before))
            low, count = low - before / per_unit, before + count + after
            heights = np.pad(old[1:-1] / old.sum() * (1.0 - weight), (before + 1, after + 1))
            new = np.bincount(_places(column, low, per_unit, count), minlength=count + 2)
            new[[0, -1]] = 0
            heights += new * (weight / len(column))
            histograms.append((low, per_unit, heights / heights.max()))
        return self._of(histograms, alpha)

    @property
    def n_features(self) -> int:
        """Columns of X."""
        return len(self.low)

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        return histogram_surprise(X, self.low, self.per_unit, self.first, self.surprise)

    def contributions(self, X: Floats) -> Contributions:
        """Return each feature's surprise."""
        first = self.first
        parts = [
            histogram_surprise(
                X[:, j : j + 1], self.low[j : j + 1], self.per_unit[j : j + 1], first[j : j + 2] - first[j],
                self.surprise[first[j] : first[j + 1]],
            )
            for j in range(self.n_features)
        ]  # fmt: skip
        return additive(np.column_stack(parts), np.zeros(self.n_features))

    def expression(self, features: Sequence[E], sql: Expressions[E]) -> E:
        """Return the score as an expression of the features."""
        check_steps("hbos", len(self.surprise), "bins", "train with a lower n_bins, or on fewer columns")
        terms = []
        for j, x in enumerate(features):
            units = sql.product(sql.difference(x, sql.number(float(self.low[j]))), sql.number(float(self.per_unit[j])))
            place = sql.sum([units, sql.number(1.0)])
            if self.per_unit[j] > _MOST_PER_UNIT:
                last = float(self.first[j + 1] - self.first[j] - 1)
                place = sql.greatest([sql.least([place, sql.number(last)]), sql.number(0.0)])
            terms.append(sql.element(self.surprise[self.first[j] : self.first[j + 1]].tolist(), place))
        return sql.sum(terms)

    def description(self) -> dict[str, str]:
        """Return what was chosen."""
        bins = np.diff(self.first) - _PLACES_OUTSIDE
        low, high = int(bins.min()), int(bins.max())
        return {"bins a column": str(low) if low == high else f"{low} to {high}"}

    def to_state(self) -> State:
        """Return what is stored."""
        return State(
            arrays={"low": self.low, "per_unit": self.per_unit, "first": self.first, "surprise": self.surprise}
        )

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check that every place lies in its column."""
        low, per_unit, surprise = state.floats("low"), state.floats("per_unit"), state.floats("surprise")
        first = state.integers("first", 0, len(surprise) + 1)
        require(len(first) == len(low) + 1 == len(per_unit) + 1 > 1, "hbos: columns and bins differ")
        require(bool((np.diff(first) > _PLACES_OUTSIDE).all()), "hbos: a column has no bin")
        require(first[0] == 0 and first[-1] == len(surprise), "hbos: bins are left over")
        require(bool((per_unit > 0).all()), "hbos: a bin has no width")
        return cls(low, per_unit, first, surprise)


def _places(column: Floats, low: float, per_unit: float, count: int) -> NDArray[np.int64]:
    """Return the place of each value, as the kernel finds it: 0 below the bins, count + 1 above."""
    return np.floor(np.clip((column - low) * per_unit + 1.0, 0.0, count + 1.0)).astype(np.int64)


def _doane(column: Floats) -> int:
    """Return the number of bins by Doane's rule, between 2 and 1000."""
    n = len(column)
    deviation = column.std()
    if n < 3 or deviation == 0:  # noqa: PLR2004 - the rule divides by n - 2
        return 2
    skewness = abs(float((((column - column.mean()) / deviation) ** 3).mean()))
    error = np.sqrt(6.0 * (n - 2) / ((n + 1.0) * (n + 3.0)))
    return int(np.clip(np.ceil(1.0 + np.log2(n) + np.log2(1.0 + skewness / error)), 2, 1_000))
