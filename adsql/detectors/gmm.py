"""Gaussian mixture model."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from adsql.detector import Capability, Parameter, Params, Spec
from adsql.expressions import check_steps, squared_length
from adsql.kernels.forms import mixture_surprise
from adsql.state import State, require
from adsql.training_rows import draw_rows, mean_and_deviation, winsorised

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adsql.arrow import Floats
    from adsql.expressions import E, Expressions

MAX_ROWS = 5_000
_MOST_COMPONENTS = 4
_NORMAL_SHARE = 0.9


@dataclass(frozen=True)
class GMM:
    """-ln of the density of a mixture of normal distributions, fitted to at most 5,000 rows.

    By default the number of components, up to four, is the one with the lowest Bayesian information criterion.
    Anomalies that lie together get a component of their own, which would make them likely; so only the largest
    components that hold 90% of the rows count (He's rule for clusters, see `cblof`). On the sets of
    `benchmarks/accuracy.py` this and the number of components raise mean AUC-ROC from 80 to 83. Fails where
    normal rows lie on curved shapes, where a small group of rows is normal, and loses power above about fifty
    columns, where covariances need more rows than there are.

    Parameters
    ----------
    centers : ndarray of shape (components, d)
        Means.
    whitening : ndarray of shape (components, d, d)
        Upper triangular; |whitening @ (x - center)| is the Mahalanobis distance.
    log_height : ndarray of shape (components,)
        ln(weight * density at the center).

    References
    ----------
    C. M. Bishop (1994): Novelty detection and neural network validation. IEE Proceedings 141(4). G. Schwarz
    (1978): Estimating the dimension of a model. Annals of Statistics 6(2).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = np.vstack([rng.normal(size=(200, 2)), rng.normal(size=(200, 2)) + 9.0])
    >>> scores = GMM.fit(X, GMM.spec.resolve({}), 0).score(np.array([[0.0, 0.0], [9.0, 9.0], [4.5, 4.5]]))
    >>> bool((scores[2] > scores[:2] + 5.0).all())
    True
    """

    centers: Floats
    whitening: Floats
    log_height: Floats

    spec: ClassVar[Spec] = Spec(
        name="gmm",
        summary="How unlikely a row is under a mixture of normal distributions; for data with several centres.",
        score="-ln(density), each column in robust standard deviations",
        parameters=(
            Parameter("n_components", "auto", "Normal distributions; 'auto' chooses 1 to 4 by the Bayesian "
                      "information criterion.", int, 1, 100, choices=("auto",)),
            Parameter("reg_covar", 0.01, "Added to the variances of standardised columns.", float, 1e-6, 1.0, True),
        ),
        capability=Capability.ROWS,
        cost="fit O(components * nd^2) a step with at most 5,000 rows, score O(components * d^2) a row",
        references=("Bishop 1994, IEE Proceedings 141(4)", "Schwarz 1978, Annals of Statistics 6(2)"),
        aliases=("gaussian_mixture", "gaussian_mixture_model"),
    )  # fmt: skip

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:
        """Fit to features of shape (n, d); imports scikit-learn."""
        bounded = winsorised(X)
        mean, deviation = mean_and_deviation(bounded)
        rows = draw_rows((bounded - mean) / deviation, MAX_ROWS, seed)
        if len(rows) == 1:  # scikit-learn asks for two
            rows = np.repeat(rows, 2, axis=0)
        mixture = _mixture(rows, params, seed)
        order = np.argsort(-mixture.weights_, kind="stable")
        counted = order[: int(np.searchsorted(np.cumsum(mixture.weights_[order]), _NORMAL_SHARE)) + 1]
        weights, roots = mixture.weights_[counted], mixture.precisions_cholesky_[counted]
        log_height = (
            np.log(weights / weights.sum())
            + np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
            - 0.5 * X.shape[1] * np.log(2.0 * np.pi)
            - np.log(deviation).sum()
        )
        whitening = np.linalg.qr(np.swapaxes(roots, 1, 2)).R / deviation
        return cls(mean + deviation * mixture.means_[counted], np.ascontiguousarray(np.triu(whitening)), log_height)

    @property
    def n_features(self) -> int:
        """Columns of X."""
        return int(self.centers.shape[1])

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        return mixture_surprise(X, self.centers, self.whitening, self.log_height)

    def expression(self, features: Sequence[E], sql: Expressions[E]) -> E:
        """Return the score as an expression of the features: each component is written once for each component."""
        terms = len(self.centers) * int(np.count_nonzero(self.whitening))
        check_steps("gmm", terms, "terms", "train on fewer columns, or with a lower n_components")
        halves = self.whitening * np.sqrt(0.5)
        surprises = [
            sql.difference(squared_length(features, center, forms, sql), sql.number(float(height)))
            for center, forms, height in zip(self.centers, halves, self.log_height, strict=True)
        ]
        return _surprise_of_either(surprises, sql)

    def to_state(self) -> State:
        """Return what is stored."""
        return State(arrays={"centers": self.centers, "whitening": self.whitening, "log_height": self.log_height})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check."""
        centers, whitening = state.floats("centers", 2), state.floats("whitening", 3)
        log_height = state.floats("log_height")
        components, d = centers.shape
        require(centers.size > 0, "gmm: no component")
        require(whitening.shape == (components, d, d), "gmm: centers and whitening differ")
        require(len(log_height) == components, "gmm: centers and heights differ")
        return cls(centers, whitening, log_height)


def _surprise_of_either(surprises: Sequence[E], sql: Expressions[E]) -> E:
    """Return -ln of the sum of exp(-surprise), two at a time: no smaller term is taken out of the sum more often."""
    if len(surprises) == 1:
        return surprises[0]
    middle = (len(surprises) + 1) // 2
    one, other = _surprise_of_either(surprises[:middle], sql), _surprise_of_either(surprises[middle:], sql)
    ratio = sql.exponential(sql.difference(sql.number(0.0), sql.absolute(sql.difference(one, other))))
    return sql.difference(sql.least([one, other]), sql.logarithm(sql.sum([sql.number(1.0), ratio])))


def _mixture(rows: Floats, params: Params, seed: int) -> Any:  # noqa: ANN401 - scikit-learn has no types
    """Return scikit-learn's mixture with the lowest Bayesian information criterion."""
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - a second that scoring need not wait
    from sklearn.mixture import GaussianMixture  # noqa: PLC0415 - as above

    wanted = params["n_components"]
    # Two rows for a component at the least; the criterion sees to it that there are more.
    most = max(min(_MOST_COMPONENTS, len(rows) // 2), 1)
    counts = range(1, most + 1) if wanted == "auto" else [min(int(wanted or 0), len(rows))]
    with warnings.catch_warnings():
        # Steps that end early still give a mixture, and fewer distinct rows than components an empty component.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = [
            GaussianMixture(count, reg_covar=params["reg_covar"], random_state=seed % 2**32).fit(rows)
            for count in counts
        ]
        return min(fitted, key=lambda mixture: float(mixture.bic(rows)))
