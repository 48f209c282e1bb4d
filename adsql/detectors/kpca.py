"""Kernel principal component analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from adsql.detector import Capability, Parameter, Params, Spec
from adsql.detectors.knn import draw_reference
from adsql.kernels.gaussians import reconstruction_error
from adsql.kernels.squares import squared_distances
from adsql.state import State, require

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

_LARGEST_GAMMA = 1e6
_SHARE = 0.5
_SMALLEST_EIGENVALUE = 1e-9  # relative to the largest; those below are rounding


@dataclass(frozen=True)
class KPCA:
    """Squared distance to the principal subspace, in the feature space of a Gaussian kernel.

    Fitted to at most `subset_size` rows, drawn at random. By default as many components count as explain half of
    the variance in feature space. PyOD keeps all of them, which leaves nothing unexplained of its training
    rows: on the 22 ADBench sets of `benchmarks/accuracy.py` that costs more than 15 points of AUC-ROC. Rows far
    from the whole subset share one high score, since all their kernel values are 0.

    Parameters
    ----------
    subset : ndarray of shape (m, d)
        The rows that were fitted to.
    components : ndarray of shape (m, q)
        Eigenvectors of the centred kernel matrix over the roots of their eigenvalues.
    offset : ndarray of shape (q,)
        The projections of the subset's mean, which centre a row's.
    gamma : float
        The kernel is e^(-gamma * squared distance).
    mean : float
        The mean of the subset's kernel values.

    References
    ----------
    H. Hoffmann (2007): Kernel PCA for novelty detection. Pattern Recognition 40(3).

    Examples
    --------
    >>> import numpy as np
    >>> X = np.vstack([np.random.default_rng(0).normal(size=(200, 2)), [[9.0, -9.0]]])
    >>> int(KPCA.fit(X, KPCA.spec.resolve({}), 0).score(X).argmax())
    200
    """

    subset: Floats
    components: Floats
    offset: Floats
    gamma: float
    mean: float

    spec: ClassVar[Spec] = Spec(
        name="kpca",
        summary="How badly the main nonlinear patterns of the table reconstruct a row.",
        score="squared distance to the principal subspace in feature space, between 0 and 2",
        parameters=(
            Parameter("n_components", "auto", "Components; 'auto' is as many as explain half of the variance.", int, 1,
                      2_000, choices=("auto",)),
            Parameter("gamma", "auto", "Width of the kernel; 'auto' is 1 / columns.", float, 0.0, _LARGEST_GAMMA, True,
                      choices=("auto",)),
            Parameter("subset_size", 500, "Training rows to fit to.", int, 2, 2_000),
        ),
        capability=Capability.ROWS,
        cost="fit O(subset_size^3), score O(subset_size * (d + components)) a row",
        references=("Hoffmann 2007, Pattern Recognition 40(3)",),
        aliases=("kernel_pca",),
    )  # fmt: skip

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:
        """Fit to features of shape (n, d)."""
        columns = draw_reference(X, int(params["subset_size"] or 0), seed)
        subset = np.ascontiguousarray(columns.T)
        wanted = params["gamma"]
        gamma = 1.0 / X.shape[1] if wanted == "auto" else float(wanted or 0.0)
        kernel = np.empty((len(subset), len(subset)))
        for row, point in zip(kernel, subset, strict=True):
            squared_distances(row, point, columns, 0)
        kernel = np.exp(-gamma * kernel)
        means, mean = kernel.mean(axis=0), float(kernel.mean())
        values, vectors = np.linalg.eigh(kernel - means[:, None] - means[None, :] + mean)
        values, vectors = values[::-1], vectors[:, ::-1]
        count = _components(values, params["n_components"])
        components = np.ascontiguousarray(vectors[:, :count] / np.sqrt(values[:count]))
        return cls(subset, components, (components * means[:, None]).sum(axis=0), gamma, mean)

    @property
    def n_features(self) -> int:
        """Columns of X."""
        return int(self.subset.shape[1])

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        return reconstruction_error(X, self.subset, self.components, self.offset, self.gamma, self.mean)

    def to_state(self) -> State:
        """Return what is stored."""
        return State(
            {"gamma": self.gamma, "mean": self.mean},
            {"subset": self.subset, "components": self.components, "offset": self.offset},
        )

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check."""
        subset, components, offset = state.floats("subset", 2), state.floats("components", 2), state.floats("offset")
        gamma, mean = state.scalar("gamma", float), state.scalar("mean", float)
        require(subset.size > 0 and len(subset) == len(components), "kpca: rows and components differ")
        require(components.shape[1] == len(offset), "kpca: components and offsets differ")
        require(0 < gamma <= _LARGEST_GAMMA and 0 <= mean <= 1, "kpca: gamma or the mean is out of range")
        return cls(subset, components, offset, gamma, mean)


def _components(values: NDArray[np.float64], wanted: object) -> int:
    """Return how many eigenvalues, which descend, count: never those that are rounding."""
    # Of rows that are all the same, even the largest is.
    if values[0] <= _SMALLEST_EIGENVALUE:
        return 0
    usable = int((values > _SMALLEST_EIGENVALUE * values[0]).sum())
    if isinstance(wanted, int):
        return min(wanted, usable)
    explained = np.cumsum(values[:usable]) / values[:usable].sum()
    return int(np.searchsorted(explained, _SHARE)) + 1
