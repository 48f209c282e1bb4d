"""Kernel density estimation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from adsql.detector import Capability, Parameter, Params, Spec
from adsql.detectors.knn import draw_reference
from adsql.kernels.neighbours import kernel_surprise
from adsql.state import State, require
from adsql.training_rows import mean_and_deviation, winsorised

if TYPE_CHECKING:
    from adsql.arrow import Floats

_LEAST_SCALE = 1e-12


@dataclass(frozen=True)
class KDE:
    """-ln of the mean of normal densities around the rows of a sample.

    The kernels' width in each column is the bandwidth times the standard deviation. Scott's and Silverman's rules
    are for drawing densities; for ranking anomalies they are too narrow (mean AUC-ROC 1 to 2 points lower on the
    sets of `benchmarks/accuracy.py` than with a bandwidth of 1). A training row does not count itself: one reference
    row at distance zero is left out, for every row alike. Far away the score grows with the squared distance to
    the nearest reference row. Fails on wide tables, where only the nearest row counts, and where dense and sparse
    regions are both normal.

    Parameters
    ----------
    reference : ndarray of shape (d, m)
        The sample, column by column, divided by the scale.
    scale : ndarray of shape (d,)
        The kernels' standard deviations.

    References
    ----------
    M. Rosenblatt (1956): Remarks on some nonparametric estimates of a density function. Annals of Mathematical
    Statistics 27(3). L. J. Latecki, A. Lazarevic, D. Pokrajac (2007): Outlier detection with kernel density
    functions. MLDM.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.vstack([np.random.default_rng(0).normal(size=(200, 2)), [[9.0, -9.0]]])
    >>> int(KDE.fit(X, KDE.spec.resolve({}), 0).score(X).argmax())
    200
    """

    reference: Floats
    scale: Floats

    spec: ClassVar[Spec] = Spec(
        name="kde",
        summary="How few rows of a sample lie around a row, weighted by a normal kernel.",
        score="-ln(density), each column in robust standard deviations",
        parameters=(
            Parameter("bandwidth", 1.0, "The kernels' width in standard deviations, or a rule for it.", float, 1e-3,
                      1e3, True, choices=("scott", "silverman")),
            Parameter("reference_size", 1_000, "Training rows to put kernels on.", int, 2, 100_000),
        ),
        capability=Capability.ROWS,
        cost="fit O(nd), score O(d * reference_size) a row",
        references=(
            "Rosenblatt 1956, Annals of Mathematical Statistics 27(3)",
            "Latecki, Lazarevic and Pokrajac 2007, MLDM",
        ),
        aliases=("kernel_density", "kernel_density_estimation"),
    )  # fmt: skip

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:
        """Fit to features of shape (n, d)."""
        reference = draw_reference(X, int(params["reference_size"] or 0), seed)
        _, deviation = mean_and_deviation(winsorised(X))
        scale = deviation * _bandwidth(params["bandwidth"], *reference.shape)
        return cls(reference / scale[:, None], scale)

    @property
    def n_features(self) -> int:
        """Columns of X."""
        return len(self.scale)

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        log_height = -float(np.log(self.scale).sum()) - 0.5 * len(self.scale) * np.log(2.0 * np.pi)
        return kernel_surprise(X, self.reference, self.scale, log_height)

    def to_state(self) -> State:
        """Return what is stored."""
        return State(arrays={"reference": self.reference, "scale": self.scale})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check."""
        reference, scale = state.floats("reference", 2), state.floats("scale")
        require(reference.size > 0 and len(reference) == len(scale), "kde: reference and scale differ")
        require(bool((scale >= _LEAST_SCALE).all()), "kde: a scale is too small")
        return cls(reference, scale)


def _bandwidth(wanted: str | float | None, d: int, m: int) -> float:
    if wanted == "scott":
        return float(m ** (-1.0 / (d + 4)))
    if wanted == "silverman":
        return float((m * (d + 2) / 4.0) ** (-1.0 / (d + 4)))
    return float(wanted or 0.0)
