"""One-class support vector machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from adsql.detector import Capability, Parameter, Params, Spec
from adsql.detectors.knn import draw_reference
from adsql.kernels.gaussians import surprise_of_sum
from adsql.state import State, require

if TYPE_CHECKING:
    from adsql.arrow import Floats

_LARGEST_GAMMA = 1e6
_FAR = 30.0


@dataclass(frozen=True)
class OCSVM:
    """-ln(f / rho), where f is a sum of Gaussians around support vectors and rho its value on the learned boundary.

    Fitted by scikit-learn to at most `max_samples` rows, drawn at random. The usual score rho - f ranks rows
    alike, but is the same, rho, for all rows far from every support vector; its logarithm keeps growing with
    the distance to the nearest one. From a score s, the usual one is rho (1 - e^-s).

    On the 22 ADBench sets of `benchmarks/accuracy.py` 500 rows rank as well as 2,000. Fails where anomalies lie
    together in a cluster of their own, which becomes part of the support, and where one column's spread is much
    larger than the others', since all columns share one gamma.

    Parameters
    ----------
    support : ndarray of shape (s, d)
        The support vectors.
    weights : ndarray of shape (s,)
        The dual coefficients over rho, positive.
    gamma : float
        Gaussians are e^(-gamma * squared distance).

    References
    ----------
    B. Schölkopf, J. C. Platt, J. Shawe-Taylor, A. J. Smola, R. C. Williamson (2001): Estimating the support of
    a high-dimensional distribution. Neural Computation 13(7).

    Examples
    --------
    >>> import numpy as np
    >>> X = np.vstack([np.random.default_rng(0).normal(size=(200, 2)), [[9.0, -9.0]]])
    >>> scores = OCSVM.fit(X, OCSVM.spec.resolve({}), 0).score(X)
    >>> int(scores.argmax()), bool(abs(np.mean(scores > 0) - 0.5) < 0.05)
    (200, True)
    """

    support: Floats
    weights: Floats
    gamma: float

    spec: ClassVar[Spec] = Spec(
        name="ocsvm",
        summary="How far outside the smooth boundary around the bulk of the rows.",
        score="-ln(sum of Gaussians / its value on the boundary): 0 on the boundary, positive outside",
        parameters=(
            Parameter("nu", 0.5, "Largest share of the rows outside the boundary; all would leave none.", float, 0.0,
                      0.99, True),
            Parameter("gamma", "scale", "Width of the Gaussians; 'scale' is 1 / (columns * their mean variance, of "
                      "values within 30 standard deviations), 'auto' is 1 / columns.", float, 0.0, _LARGEST_GAMMA, True,
                      choices=("scale", "auto")),
            Parameter("max_samples", 500, "Training rows to fit to.", int, 2, 5_000),
        ),
        capability=Capability.ROWS,
        cost="fit O(d * max_samples^2) or somewhat more, score O(d * support vectors) a row, about nu * max_samples",
        references=("Schölkopf et al. 2001, Neural Computation 13(7)",),
        aliases=("one_class_svm",),
    )  # fmt: skip

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:
        """Fit to features of shape (n, d); imports scikit-learn."""
        from sklearn.svm import OneClassSVM  # noqa: PLC0415 - a second that scoring need not wait

        sample = draw_reference(X, int(params["max_samples"] or 0), seed).T
        wanted = params["gamma"]
        gamma = float(wanted or 0.0) if not isinstance(wanted, str) else 1.0 / X.shape[1]
        if wanted == "scale":
            # A single enormous value must not make every other difference vanish.
            variance = float(sample.clip(-_FAR, _FAR).var(axis=0).mean())
            gamma = min(gamma / variance, _LARGEST_GAMMA) if variance > 0 else 1.0
        machine = OneClassSVM(nu=params["nu"], gamma=gamma).fit(sample)
        weights = machine.dual_coef_[0] / machine.offset_[0]
        return cls(np.ascontiguousarray(machine.support_vectors_), np.ascontiguousarray(weights), gamma)

    @property
    def n_features(self) -> int:
        """Columns of X."""
        return int(self.support.shape[1])

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        return surprise_of_sum(X, self.support, self.weights, self.gamma)

    def to_state(self) -> State:
        """Return what is stored."""
        return State({"gamma": self.gamma}, {"support": self.support, "weights": self.weights})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check."""
        support, weights, gamma = state.floats("support", 2), state.floats("weights"), state.scalar("gamma", float)
        require(support.size > 0 and len(support) == len(weights), "ocsvm: support vectors and weights differ")
        require(bool((weights > 0).all()), "ocsvm: a weight is not positive")
        require(0 < gamma <= _LARGEST_GAMMA, "ocsvm: gamma is out of range")
        return cls(support, weights, gamma)
