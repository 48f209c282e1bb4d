"""Isolation by nearest-neighbour ensembles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from adsql.detector import Capability, Parameter, Params, Spec
from adsql.kernels.spheres import mean_isolation
from adsql.state import State, require

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

_AUTO_SAMPLES = 8


@dataclass(frozen=True)
class INNE:
    """Mean over small samples of how isolated the smallest sphere is that covers a row.

    Around each row of a sample lies a sphere that reaches to the nearest other row of the sample. A row that
    some sphere covers is as isolated as the smallest of those (of equally large ones, the least isolated):
    1 - radius of the nearest other sphere / its own radius; a row that none covers has isolation 1. Hence
    local anomalies between dense regions count, unlike with `iforest`. Rows that no sphere of any sample
    covers share the highest score, 1.

    Radii are distances, as in the paper; PyOD divides their squares. Distances are in single precision,
    which is twice as fast and rounds in the seventh digit.

    Parameters
    ----------
    centers : ndarray of shape (sets, spheres, d), float32
        The rows of the samples, each set's spheres from the largest to the smallest.
    square_radius : ndarray of shape (sets, spheres), float32
        The squared radii.
    isolation : ndarray of shape (sets, spheres), float32
        The isolation of each sphere, in [0, 1].

    References
    ----------
    T. R. Bandaragoda, K. M. Ting, D. Albrecht, F. T. Liu, Y. Zhu, J. R. Wells (2018): Isolation-based anomaly
    detection using nearest-neighbor ensembles. Computational Intelligence 34(4).

    Examples
    --------
    >>> import numpy as np
    >>> X = np.vstack([np.random.default_rng(0).normal(size=(200, 2)), [[9.0, -9.0]]])
    >>> int(INNE.fit(X, INNE.spec.resolve({}), 0).score(X).argmax())
    200
    """

    centers: NDArray[np.float32]
    square_radius: NDArray[np.float32]
    isolation: NDArray[np.float32]

    spec: ClassVar[Spec] = Spec(
        name="inne",
        summary="How isolated a row is from small samples; finds local anomalies that a forest misses.",
        score="mean isolation, in [0, 1]; 1 where no sphere covers the row",
        parameters=(
            Parameter("n_estimators", 200, "Samples.", int, 1, 10_000),
            Parameter("max_samples", "auto", "Rows of a sample; 'auto' is 8.", int, 2, 1_000, choices=("auto",)),
        ),
        capability=Capability.ROWS,
        cost="fit O(estimators * samples^2 * d), score O(estimators * samples * d) a row",
        references=("Bandaragoda et al. 2018, Computational Intelligence 34(4)",),
        aliases=("isolation_nearest_neighbor_ensemble",),
    )

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:
        """Fit to features of shape (n, d)."""
        wanted, sets = params["max_samples"], int(params["n_estimators"] or 0)
        size = min(_AUTO_SAMPLES if wanted == "auto" else int(wanted or 0), len(X))
        rng = np.random.default_rng(seed)
        drawn = [_spheres(X[rng.choice(len(X), size, replace=False)].astype(np.float32)) for _ in range(sets)]
        centers, square_radius, isolation = (np.stack(parts) for parts in zip(*drawn, strict=True))
        return cls(centers, square_radius, isolation)

    @property
    def n_features(self) -> int:
        """Columns of X."""
        return int(self.centers.shape[2])

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        return mean_isolation(X, self.centers, self.square_radius, self.isolation)

    def description(self) -> dict[str, str]:
        """Return what was chosen."""
        return {"samples": f"{len(self.centers)} of {self.centers.shape[1]} rows"}

    def to_state(self) -> State:
        """Return what is stored."""
        return State(arrays={"centers": self.centers, "square_radius": self.square_radius, "isolation": self.isolation})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check."""
        centers = state.singles("centers", 3)
        square_radius, isolation = state.singles("square_radius", 2, largest=1e37), state.singles("isolation", 2)
        require(centers.size > 0, "inne: no sphere")
        require(centers.shape[:2] == square_radius.shape == isolation.shape, "inne: centers and radii differ")
        require(bool(((isolation >= 0) & (isolation <= 1)).all()), "inne: an isolation is not in [0, 1]")
        return cls(centers, square_radius, isolation)


def _spheres(sample: NDArray[np.float32]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the centers, squared radii and isolations of a sample's spheres, the largest first."""
    squares = np.zeros((len(sample), len(sample)), np.float32)
    # Column by column, as the kernel does: a center's nearest neighbour lies exactly on its sphere.
    for column in sample.T:
        squares += (column[:, None] - column[None, :]) ** 2
    if len(sample) == 1:
        return sample, np.zeros(1, np.float32), np.zeros(1, np.float32)
    np.fill_diagonal(squares, np.inf)
    nearest = squares.argmin(axis=1)
    square_radius = squares.min(axis=1)
    radius = np.sqrt(square_radius.astype(np.float64))
    # Among duplicates both radii are 0, and nothing is isolated.
    isolation = 1.0 - np.divide(radius[nearest], radius, out=np.ones_like(radius), where=radius > 0)
    order = np.lexsort([-isolation, -square_radius])
    return sample[order], square_radius[order], isolation[order].astype(np.float32)
