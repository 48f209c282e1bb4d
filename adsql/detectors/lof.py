"""Local outlier factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from adsql.contributions import Contributions, in_proportion
from adsql.detector import Capability, Parameter, Params, Spec
from adsql.detectors.knn import draw_reference
from adsql.kernels.local_density import LEAST_REACH, local_density, local_outlier_factor
from adsql.kernels.neighbours import MEAN, neighbour_shares
from adsql.state import State, require

if TYPE_CHECKING:
    from adsql.arrow import Floats


@dataclass(frozen=True)
class LOF:
    """Mean local density of the nearest rows of a sample, over the density at the row itself.

    Of the distinct training rows at most `reference_size` are kept, drawn at random. That duplicates count
    once keeps densities finite, as the paper proposes; a row does not count itself: one neighbour at distance
    zero is left out, for every row alike. Exactly k neighbours count, of ties the first in the reference.

    The sample is small because anomalies that lie together are then rarely drawn together. On the 22 ADBench
    sets of `benchmarks/accuracy.py` the mean AUC-ROC is 79 with 250 rows, 76 with 500, 75 with 1,000, 71 with
    2,500 and 70 with 10,000, and PyOD's, with all rows, is 66. A larger sample sees smaller structures: a
    cluster with less than k / reference_size of the rows has too few rows in the sample to pass as normal.
    Fails where density varies without meaning, as in tables of few distinct values.

    Parameters
    ----------
    reference : ndarray of shape (d, m)
        The rows to compare with, column by column.
    k_distance : ndarray of shape (m,)
        The distance of each to its k-th nearest other.
    density : ndarray of shape (m,)
        The local reachability density of each.
    n_neighbors : int
        k.

    References
    ----------
    M. M. Breunig, H.-P. Kriegel, R. T. Ng, J. Sander (2000): LOF: identifying density-based local outliers.
    SIGMOD.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.vstack([np.random.default_rng(0).normal(size=(200, 2)), [[9.0, -9.0]]])
    >>> int(LOF.fit(X, LOF.spec.resolve({}), 0).score(X).argmax())
    200
    """

    reference: Floats
    k_distance: Floats
    density: Floats
    n_neighbors: int

    spec: ClassVar[Spec] = Spec(
        name="lof",
        summary="How much sparser it is around a row than around its neighbours; for regions of different density.",
        score="density around the neighbours over density around the row; about 1 is usual",
        parameters=(
            Parameter("n_neighbors", 20, "Neighbours to look at.", int, 1, 1_000),
            Parameter("reference_size", 250, "Distinct training rows to compare with.", int, 2, 10_000),
        ),
        capability=Capability.ROWS,
        cost="fit O(n log n + d * reference_size^2), score O(d * reference_size) a row",
        references=("Breunig, Kriegel, Ng and Sander 2000, SIGMOD",),
        aliases=("local_outlier_factor",),
    )

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:
        """Fit to features of shape (n, d)."""
        k = int(params["n_neighbors"] or 0)
        reference = draw_reference(np.unique(X, axis=0), int(params["reference_size"] or 0), seed)
        return cls(reference, *local_density(reference, k), k)

    @property
    def n_features(self) -> int:
        """Columns of X."""
        return len(self.reference)

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        return local_outlier_factor(X, self.reference, self.n_neighbors, self.k_distance, self.density)

    def contributions(self, X: Floats) -> Contributions:
        """Return the score in proportion to each feature's part of the distances to the neighbours."""
        distances, means = neighbour_shares(X, self.reference, self.n_neighbors, MEAN)
        return Contributions(in_proportion(distances, self.score(X)), 0.0, means, is_conditional=True)

    def description(self) -> dict[str, str]:
        """Return what was chosen."""
        return {"reference rows": f"{self.reference.shape[1]:,}"}

    def to_state(self) -> State:
        """Return what is stored."""
        return State(
            {"n_neighbors": self.n_neighbors},
            {"reference": self.reference, "k_distance": self.k_distance, "density": self.density},
        )

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check."""
        reference, k = state.floats("reference", 2), state.scalar("n_neighbors", int)
        k_distance, density = state.floats("k_distance"), state.floats("density")
        require(reference.size > 0 and 1 <= k < 2**20, "lof: nothing to compare with")
        require(reference.shape[1] == len(k_distance) == len(density), "lof: rows and densities differ")
        require(bool((k_distance >= 0).all() and (density >= 0).all()), "lof: a distance or a density is negative")
        require(float(density.max()) <= 1.0 / LEAST_REACH, "lof: a density is too high")
        return cls(reference, k_distance, density, k)
