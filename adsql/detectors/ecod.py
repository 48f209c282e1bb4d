"""Outlier detection from empirical cumulative distributions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from adsql.contributions import additive
from adsql.detector import Capability, Params, Spec
from adsql.expressions import check_steps, step_function
from adsql.kernels.columns import tail_surprise
from adsql.sketches import merged_quantiles
from adsql.state import State, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adsql.arrow import Floats
    from adsql.contributions import Contributions
    from adsql.expressions import E, Expressions


@dataclass(frozen=True)
class ECOD:
    """Sum over the columns of -ln of the tail probability under the training data.

    Each column counts its smaller tail, or the tail its skewness points to where that is more surprising.
    A value beyond all m training values has probability 1 / (m + 1): how far beyond makes no difference.
    Each column is judged alone. PyOD's implementation scores a row together with its batch; this one looks at
    the training data only, which gives PyOD's training scores on training rows.

    Parameters
    ----------
    ordered : ndarray of shape (d, m)
        The training values, ascending in each row.
    side : ndarray of shape (d,)
        The sign of each column's skewness.

    References
    ----------
    Z. Li, Y. Zhao, X. Hu, N. Botta, C. Ionescu, G. H. Chen (2022): ECOD: unsupervised outlier detection using
    empirical cumulative distribution functions. IEEE TKDE.

    Examples
    --------
    >>> import numpy as np
    >>> fitted = ECOD.fit(np.array([[1.0], [2.0], [3.0], [4.0], [9.0]]), {}, 0)
    >>> fitted.score(np.array([[3.0], [9.0]])).round(3).tolist()
    [0.511, 1.609]
    """

    ordered: Floats
    side: Floats

    spec: ClassVar[Spec] = Spec(
        name="ecod",
        summary="How far out in the tails of each column's distribution a row lies; no parameter to set.",
        score="sum over the columns of -ln(tail probability)",
        parameters=(),
        capability=Capability.ROWS,
        cost="fit O(nd log n), score O(d log n) a row",
        references=("Li et al. 2022, IEEE TKDE",),
        aliases=("empirical_cumulative_outlier_detection",),
    )

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:  # noqa: ARG003 - nothing to choose
        """Fit to features of shape (n, d)."""
        return cls(np.ascontiguousarray(np.sort(X, axis=0).T), _skewness_sign(X.T))

    def updated(self, X: Floats, weight: float, params: Params, seed: int) -> Self:  # noqa: ARG002 - nothing to choose
        """Return the distributions of the old and the new rows together."""
        ordered = merged_quantiles(self.ordered, X, weight)
        return type(self)(ordered, _skewness_sign(ordered))

    @property
    def n_features(self) -> int:
        """Columns of X."""
        return len(self.ordered)

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        return tail_surprise(X, self.ordered, self.side)

    def contributions(self, X: Floats) -> Contributions:
        """Return each feature's surprise."""
        alone = [type(self)(self.ordered[j : j + 1], self.side[j : j + 1]) for j in range(self.n_features)]
        parts = [detector.score(X[:, j : j + 1]) for j, detector in enumerate(alone)]
        return additive(np.column_stack(parts), self.ordered[:, self.ordered.shape[1] // 2])

    def expression(self, features: Sequence[E], sql: Expressions[E]) -> E:
        """Return the score as an expression of the features: a step at each training value, and between them."""
        columns = [np.unique(column) for column in self.ordered]
        count = 2 * sum(map(len, columns))
        check_steps(self.spec.name, count, "steps", "train hbos, or round the columns to fewer values")
        terms = []
        for j, (x, values) in enumerate(zip(features, columns, strict=True)):
            # One point below, on and above each value: the surprise does not change in between.
            points = np.append(np.column_stack([np.nextafter(values, -np.inf), values]), np.inf)
            alone = type(self)(self.ordered[j : j + 1], self.side[j : j + 1])
            surprise = alone.score(points[:, np.newaxis])
            bounds = [sql.number(float(value)) for value in values]
            conditions = [holds(x, bound) for bound in bounds for holds in (sql.less, sql.at_most)]
            terms.append(step_function(sql, conditions, surprise.tolist()))
        return sql.sum(terms)

    def to_state(self) -> State:
        """Return what is stored."""
        return State(arrays={"ordered": self.ordered, "side": self.side})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check."""
        ordered, side = state.floats("ordered", 2), state.floats("side")
        require(len(ordered) == len(side) and ordered.size > 0, "ecod: columns differ")
        require(bool((np.diff(ordered, axis=1) >= 0).all()), "ecod: values are not in order")
        return cls(ordered, side)


def _skewness_sign(columns: Floats) -> Floats:
    """Return the sign of the skewness of each row of `columns`; shape (d,)."""
    deviations = columns - columns.mean(axis=1, keepdims=True)
    largest = np.abs(deviations).max(axis=1, keepdims=True)
    # Dividing first keeps the cubes of huge values finite.
    cubes = np.divide(deviations, largest, out=np.zeros_like(deviations), where=largest > 0) ** 3
    signs: Floats = np.sign(cubes.mean(axis=1))
    return signs
