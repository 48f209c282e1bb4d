"""Histogram-based outlier score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from adsql.detector import Capability, Parameter, Params, Spec
from adsql.expressions import check_steps, step_function
from adsql.kernels.columns import histogram_surprise
from adsql.state import State, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adsql.arrow import Floats
    from adsql.expressions import E, Expressions

_MAX_BINS = 10_000


@dataclass(frozen=True)
class HBOS:
    """Sum over the columns of -log2(height of the value's bin + alpha).

    Bins have equal width, their heights are relative to the highest. A value outside the training range falls
    into a bin of height 0. Each column is judged alone: rows that are strange only in combination are missed.
    By default the number of bins follows Doane's rule, which allows for skewness.

    Parameters
    ----------
    edges : ndarray of shape (sum of bins + d,)
        Bin edges of all columns, one after another, ascending in each.
    first_edge : ndarray of shape (d + 1,)
        Where each column's edges begin.
    surprise : ndarray of shape (sum of bins,)
        -log2(height + alpha) of each bin.
    outside : ndarray of shape (d,)
        The same for a height of 0.

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

    edges: Floats
    first_edge: NDArray[np.int32]
    surprise: Floats
    outside: Floats

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
        cost="fit O(nd), score O(d log bins) a row",
        references=(
            "Goldstein and Dengel 2012, KI-2012 poster track",
            "Doane 1976, The American Statistician 30(4)",
        ),
        aliases=("histogram_based_outlier_score",),
    )

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:  # noqa: ARG003 - nothing is random
        """Fit to features of shape (n, d)."""
        bins, alpha = params["n_bins"], float(params["alpha"] or 0.0)
        edges, surprise, outside = [], [], []
        for column in X.T:
            count = _doane(column) if bins == "auto" else int(bins or 0)
            low, high = float(column.min()), float(column.max())
            if low == high:
                low, high = low - 0.5, high + 0.5
            column_edges = np.linspace(low, high, count + 1)
            heights = np.histogram(column, column_edges)[0]
            edges.append(column_edges)
            surprise.append(-np.log2(heights / heights.max() + alpha))
            outside.append(-np.log2(alpha))
        first_edge = np.cumsum([0, *(len(part) for part in edges)], dtype=np.int32)
        return cls(np.concatenate(edges), first_edge, np.concatenate(surprise), np.array(outside))

    def updated(self, X: Floats, weight: float, params: Params, seed: int) -> Self:  # noqa: ARG002 - nothing is random
        """Return the histograms of the old and the new rows together; bins of the same width are added at the ends.

        At most as many bins as `n_bins` may be: what lies farther out stays outside.
        """
        alpha = float(params["alpha"])
        edges, surprise = [], []
        for j, column in enumerate(X.T):
            start, stop = self.first_edge[j], self.first_edge[j + 1]
            old = np.maximum(np.exp2(-self.surprise[start - j : stop - j - 1]) - alpha, 0.0)
            column_edges, before, after = _widened(self.edges[start:stop], column)
            heights = np.pad(old / old.sum() * (1.0 - weight), (before, after))
            heights += np.histogram(column, column_edges)[0] * (weight / len(column))
            edges.append(column_edges)
            surprise.append(-np.log2(heights / heights.max() + alpha))
        first_edge = np.cumsum([0, *(len(part) for part in edges)], dtype=np.int32)
        return type(self)(np.concatenate(edges), first_edge, np.concatenate(surprise), self.outside)

    @property
    def n_features(self) -> int:
        """Columns of X."""
        return len(self.outside)

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        return histogram_surprise(X, self.edges, self.first_edge, self.surprise, self.outside)

    def expression(self, features: Sequence[E], sql: Expressions[E]) -> E:
        """Return the score as an expression of the features."""
        check_steps("hbos", len(self.surprise), "bins", "train with a lower n_bins, or on fewer columns")
        terms = []
        for j, x in enumerate(features):
            edges = [sql.number(float(edge)) for edge in self.edges[self.first_edge[j] : self.first_edge[j + 1]]]
            bins = self.surprise[self.first_edge[j] - j : self.first_edge[j + 1] - j - 1]
            outside = float(self.outside[j])
            # Bins include their lower edge, the last one both.
            conditions = [*(sql.less(x, edge) for edge in edges[:-1]), sql.at_most(x, edges[-1])]
            terms.append(step_function(sql, conditions, [outside, *bins.tolist(), outside]))
        return sql.sum(terms)

    def description(self) -> dict[str, str]:
        """Return what was chosen."""
        bins = np.diff(self.first_edge) - 1
        low, high = int(bins.min()), int(bins.max())
        return {"bins a column": str(low) if low == high else f"{low} to {high}"}

    def to_state(self) -> State:
        """Return what is stored."""
        return State(
            arrays={
                "edges": self.edges, "first_edge": self.first_edge, "surprise": self.surprise, "outside": self.outside
            }
        )  # fmt: skip

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check that every search stays inside its column's bins."""
        edges, surprise, outside = state.floats("edges"), state.floats("surprise"), state.floats("outside")
        first_edge = state.integers("first_edge", 0, len(edges) + 1)
        require(len(first_edge) == len(outside) + 1 > 1, "hbos: columns and edges differ")
        require(bool((np.diff(first_edge) > 1).all()), "hbos: a column has no bin")
        require(first_edge[0] == 0 and first_edge[-1] == len(edges), "hbos: edges are left over")
        require(len(surprise) == len(edges) - len(outside), "hbos: bins and edges differ")
        return cls(edges, first_edge, surprise, outside)


def _doane(column: Floats) -> int:
    """Return the number of bins by Doane's rule, between 2 and 1000."""
    n = len(column)
    deviation = column.std()
    if n < 3 or deviation == 0:  # noqa: PLR2004 - the rule divides by n - 2
        return 2
    skewness = abs(float((((column - column.mean()) / deviation) ** 3).mean()))
    error = np.sqrt(6.0 * (n - 2) / ((n + 1.0) * (n + 3.0)))
    return int(np.clip(np.ceil(1.0 + np.log2(n) + np.log2(1.0 + skewness / error)), 2, 1_000))


def _widened(edges: Floats, column: Floats) -> tuple[Floats, int, int]:
    """Return edges that cover a column as far as the number of bins allows, and the bins added at either end."""
    width, room = edges[1] - edges[0], max(_MAX_BINS - len(edges) + 1, 0)
    before = int(np.clip(np.ceil((edges[0] - column.min()) / width), 0, room))
    after = int(np.clip(np.ceil((column.max() - edges[-1]) / width), 0, room - before))
    lower = edges[0] - width * np.arange(before, 0, -1)
    upper = edges[-1] + width * np.arange(1, after + 1)
    return np.concatenate([lower, edges, upper]), before, after
