"""Principal component analysis."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from adsql.contributions import of_squared_length
from adsql.detector import Capability, Parameter, Params, Spec
from adsql.expressions import check_steps
from adsql.expressions import squared_length as squared_length_expression
from adsql.kernels.forms import squared_length
from adsql.state import State, require
from adsql.training_rows import NARROWEST_VARIANCE, SMALLEST_DEVIATION, mean_and_deviation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adsql.arrow import Floats
    from adsql.contributions import Contributions
    from adsql.expressions import E, Expressions


@dataclass(frozen=True)
class PCA:
    """Sum over the principal components of the squared score, divided by the component's variance.

    With all components this is the squared Mahalanobis distance: rows that break the linear relations between the
    columns stand out. No component counts as narrower than a tenth of a column's standard deviation. So the score
    stays finite where columns are constant, or follow from others, or outnumber the rows, and a row that breaks
    such a relation counts 100 times the square of its distance. PyOD's PCA measures distances to the tips of the
    unit vectors instead, and returns infinities on constant columns; on the sets of `benchmarks/accuracy.py` the
    paper's score ranks better (mean AUC-ROC 80 instead of 74). Mean and variances are not robust: anomalies that
    are many or huge hide themselves, which `mcd` prevents. Fails on data with several centres; `gmm` does not.

    Parameters
    ----------
    mean, deviation : ndarray of shape (d,)
        Of the training features; deviation is 1 where `standardization` is off, and for constant columns.
    components : ndarray of shape (k, d)
        Orthonormal rows, of standardised columns; those of smallest variance first.
    variance : ndarray of shape (k,)
        The components' variances, at least 0.01.

    References
    ----------
    M.-L. Shyu, S.-C. Chen, K. Sarinnapakorn, L. Chang (2003): A novel anomaly detection scheme based on principal
    component classifier. ICDM foundations and new directions of data mining workshop.

    Examples
    --------
    The columns rise together, and one of the two rows does not:

    >>> import numpy as np
    >>> X = np.array([[1.0, 1.1], [2.0, 1.9], [3.0, 3.1], [4.0, 3.9], [5.0, 5.0]])
    >>> PCA.fit(X, PCA.spec.resolve({}), 0).score(np.array([[5.0, 5.0], [2.0, 4.0]])).round(1).tolist()
    [2.1, 101.9]
    """

    mean: Floats
    deviation: Floats
    components: Floats
    variance: Floats

    spec: ClassVar[Spec] = Spec(
        name="pca",
        summary="How far a row lies from the mean along each principal component; linear relations between columns.",
        score="sum of squared, standardised component scores; their number is usual",
        parameters=(
            Parameter("n_selected_components", "all", "Components that count, those of smallest variance.", int, 1,
                      100_000, choices=("all",)),
            Parameter("standardization", True, "Divide the columns by their standard deviations.", bool),
        ),
        capability=Capability.ROWS,
        cost="fit O(nd^2 + d^3), score O(d^2) a row",
        references=("Shyu et al. 2003, ICDM workshop",),
        aliases=("principal_component_analysis",),
    )  # fmt: skip

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:  # noqa: ARG003 - nothing is random
        """Fit to features of shape (n, d)."""
        mean, deviation = mean_and_deviation(X)
        if not params["standardization"]:
            deviation = np.ones_like(deviation)
        standard = (X - mean) / deviation
        variance, vectors = np.linalg.eigh(standard.T @ standard / len(X))
        wanted = params["n_selected_components"]
        count = len(mean) if wanted == "all" else min(int(wanted or 0), len(mean))
        components = np.ascontiguousarray(vectors.T[:count])
        return cls(mean, deviation, components, np.maximum(variance[:count], NARROWEST_VARIANCE))

    @property
    def n_features(self) -> int:
        """Columns of X."""
        return len(self.mean)

    @cached_property
    def _forms(self) -> Floats:
        return self.components / np.sqrt(self.variance)[:, None] / self.deviation

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        return squared_length(X, self.mean, self._forms, False)

    def contributions(self, X: Floats) -> Contributions:
        """Return the features' reconstruction-based shares of the score."""
        return of_squared_length(X, self.mean, self._forms, self.score(X))

    def expression(self, features: Sequence[E], sql: Expressions[E]) -> E:
        """Return the score as an expression of the features: a term for each pair of columns."""
        count, d = self.components.shape
        terms = count * d - count * (count - 1) // 2
        check_steps("pca", terms, "terms", "train on fewer columns")
        return squared_length_expression(features, self.mean, self._forms, sql)

    def description(self) -> dict[str, str]:
        """Return what was chosen."""
        return {"components": f"{len(self.components)} of {self.n_features}"}

    def unscaled(self, center: Floats, scale: Floats) -> Self:
        """Return the detector whose score of raw rows is this one's of (raw - center) / scale."""
        mean, deviation = center + scale * self.mean, scale * self.deviation
        return type(self)(mean, deviation, self.components, self.variance)

    def trusted_score(self, limit: float) -> float:
        """Return the largest score of rows whose features surely lie within ±limit; 0 if components are left out."""
        if len(self.components) < self.n_features:
            return 0.0
        shortest = np.linalg.svd(self._forms, compute_uv=False).min()  # of a step of length 1
        return float(((limit - np.abs(self.mean).max()) * shortest) ** 2)

    def to_state(self) -> State:
        """Return what is stored."""
        return State(
            arrays={
                "mean": self.mean, "deviation": self.deviation, "components": self.components,
                "variance": self.variance,
            }
        )  # fmt: skip

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check."""
        mean, deviation, variance = (state.floats(name) for name in ("mean", "deviation", "variance"))
        components = state.floats("components", 2)
        require(len(mean) == len(deviation) > 0, "pca: mean and deviation differ in length")
        require(components.shape == (len(variance), len(mean)), "pca: the components do not fit the columns")
        require(len(variance) > 0 and bool((variance >= NARROWEST_VARIANCE).all()), "pca: a variance is too small")
        require(bool((deviation >= SMALLEST_DEVIATION).all()), "pca: a deviation is too small")
        return cls(mean, deviation, components, variance)
