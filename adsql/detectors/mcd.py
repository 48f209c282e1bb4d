"""Minimum covariance determinant."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from adsql.contributions import of_squared_length
from adsql.detector import Capability, Parameter, Params, Spec
from adsql.expressions import check_steps
from adsql.expressions import squared_length as squared_length_expression
from adsql.kernels.forms import squared_length
from adsql.state import State, require
from adsql.training_rows import NARROWEST_VARIANCE, draw_rows, not_zero

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adsql.arrow import Floats
    from adsql.contributions import Contributions
    from adsql.expressions import E, Expressions

MAX_ROWS = 5_000
_CONSISTENT_MAD = 1.0 / NormalDist().inv_cdf(0.75)
_USUAL = 0.975  # share of normal rows that the second step keeps
_MAX_STEPS = 100  # concentration steps end by themselves, mostly after ten


@dataclass(frozen=True)
class MCD:
    """Mahalanobis distance by the mean and covariance of the half of the rows that lies most densely.

    The half is searched from three deterministic starts, of those that DetMCD has, by concentration steps: the
    rows nearest to the current estimate make the next one, which never raises the determinant. Then all rows
    that are near enough for normal data make the estimate. Anomalies that
    are fewer than half of the rows, and lie no more densely than the others, do not move it. The search may end in
    a half that is not the very densest one. At most 5,000 rows are looked at.

    Two rules keep covariances invertible, in the spirit of the regularised MCD. No direction counts as narrower
    than a tenth of the columns' spread. And a column whose values are equal in more than half of the rows has no
    robust variance, so that it counts with at least its standard deviation: otherwise every other value in it
    would be stranger than anything else. scikit-learn's MinCovDet ignores such directions. Fails on data with
    several centres; `gmm` does not.

    Parameters
    ----------
    location : ndarray of shape (d,)
        The robust mean.
    whitening : ndarray of shape (d, d)
        Upper triangular; the score is the length of whitening @ (x - location).

    References
    ----------
    P. J. Rousseeuw, K. Van Driessen (1999): A fast algorithm for the minimum covariance determinant estimator.
    Technometrics 41(3). M. Hubert, P. J. Rousseeuw, T. Verdonck (2012): A deterministic algorithm for robust
    location and scatter. JCGS 21(3). K. Boudt, P. J. Rousseeuw, S. Vanduffel, T. Verdonck (2020): The minimum
    regularized covariance determinant estimator. Statistics and Computing 30.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.vstack([np.random.default_rng(0).normal(size=(200, 2)), np.full((50, 2), 9.0)])
    >>> MCD.fit(X, MCD.spec.resolve({}), 0).score(np.array([[0.0, 0.0], [9.0, 9.0]])).round().tolist()
    [0.0, 13.0]
    """

    location: Floats
    whitening: Floats

    spec: ClassVar[Spec] = Spec(
        name="mcd",
        summary="Distance from the densest half of the rows, by its covariance; many anomalies do not mislead it.",
        score="robust Mahalanobis distance; the square root of the number of columns is usual",
        parameters=(
            Parameter("support_fraction", "auto", "Share of the rows that make the densest part; 'auto' is the "
                      "smallest that the paper allows, just above one half.", float, 0.5, 1.0, True,
                      choices=("auto",)),
        ),
        capability=Capability.ROWS,
        cost="fit O(nd^2 + d^3) with at most 5,000 rows, score O(d^2) a row",
        references=(
            "Rousseeuw and Van Driessen 1999, Technometrics 41(3)",
            "Hubert, Rousseeuw and Verdonck 2012, JCGS 21(3)",
            "Boudt et al. 2020, Statistics and Computing 30",
        ),
        aliases=("minimum_covariance_determinant",),
    )  # fmt: skip

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:
        """Fit to features of shape (n, d)."""
        rows = draw_rows(X, MAX_ROWS, seed)
        n, d = rows.shape
        share = params["support_fraction"]
        support = (n + d + 1) // 2 if share == "auto" else int(np.ceil(float(share or 1.0) * n))
        center = np.median(rows, axis=0)
        spread = _CONSISTENT_MAD * np.median(np.abs(rows - center), axis=0)
        without_spread = not_zero(spread, rows) != spread
        scale = np.where(without_spread, not_zero(rows.std(axis=0), rows), spread)
        least = without_spread.astype(np.float64)
        location, values, vectors = _robust_shape((rows - center) / scale, min(support, n), least)
        # Any square root of the inverse covariance gives the same distances; the triangular one has the fewest terms.
        root = np.linalg.qr((vectors / np.sqrt(values)).T).R
        return cls(center + scale * location, np.ascontiguousarray(np.triu(root / scale)))

    @property
    def n_features(self) -> int:
        """Columns of X."""
        return len(self.location)

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        return np.sqrt(squared_length(X, self.location, self.whitening, True))

    def contributions(self, X: Floats) -> Contributions:
        """Return the features' reconstruction-based shares of the score."""
        return of_squared_length(X, self.location, self.whitening, self.score(X))

    def expression(self, features: Sequence[E], sql: Expressions[E]) -> E:
        """Return the score as an expression of the features: a term for each pair of columns."""
        check_steps("mcd", int(np.count_nonzero(self.whitening)), "terms", "train on fewer columns")
        return sql.square_root(squared_length_expression(features, self.location, self.whitening, sql))

    def trusted_score(self, limit: float) -> float:
        """Return the largest score of rows whose features surely all lie within ±limit."""
        shortest = np.linalg.svd(self.whitening, compute_uv=False).min()  # of a step of length 1, whitened
        return float((limit - np.abs(self.location).max()) * shortest)

    def unscaled(self, center: Floats, scale: Floats) -> Self:
        """Return the detector whose score of raw rows is this one's of (raw - center) / scale."""
        return type(self)(center + scale * self.location, self.whitening / scale)

    def to_state(self) -> State:
        """Return what is stored."""
        return State(arrays={"location": self.location, "whitening": self.whitening})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check."""
        location, whitening = state.floats("location"), state.floats("whitening", 2)
        require(len(location) > 0, "mcd: no columns")
        require(whitening.shape == (len(location), len(location)), "mcd: location and whitening differ")
        return cls(location, whitening)


def _robust_shape(Z: Floats, support: int, least: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the location, and the covariance's eigenvalues and eigenvectors, of the usual rows."""
    found = [_concentrated(Z, distances, support, least) for distances in _starts(Z)]
    _, distances = min(found, key=lambda result: result[0])
    d = Z.shape[1]
    median = float(np.median(distances))
    if median > 0:
        distances = distances * (_chi_square(0.5, d) / median)
        median = _chi_square(0.5, d)
    return _shape(Z[distances <= max(_chi_square(_USUAL, d), median)], least)


def _starts(Z: Floats) -> Iterator[Floats]:
    """Yield squared distances by three first guesses: of signs, of squeezed values, and of the inner half."""
    n = len(Z)
    length = np.sqrt((Z * Z).sum(axis=1))
    signs = np.divide(Z, length[:, None], out=np.zeros_like(Z), where=length[:, None] > 0)
    inner = Z[np.argsort(length, kind="stable")[: (n + 1) // 2]]
    for rows in (signs, np.tanh(Z), inner):
        deviations = rows - rows.mean(axis=0)
        _, vectors = np.linalg.eigh(deviations.T @ deviations / len(rows))
        # The guess's directions, with robust locations and scales along them.
        along = Z @ vectors
        along -= np.median(along, axis=0)
        spread = _CONSISTENT_MAD * np.median(np.abs(along), axis=0)
        yield (along * along / np.maximum(spread * spread, NARROWEST_VARIANCE)).sum(axis=1)


def _concentrated(Z: Floats, distances: Floats, support: int, least: Floats) -> tuple[float, Floats]:
    """Repeat concentration steps while they lower the determinant; return its logarithm and the squared distances."""
    lowest = np.inf
    for _ in range(_MAX_STEPS):
        nearest = np.argsort(distances, kind="stable")[:support]
        location, values, vectors = _shape(Z[nearest], least)
        determinant = float(np.log(values).sum())
        if not determinant < lowest:
            break
        along = (Z - location) @ vectors
        lowest, distances = determinant, (along * along / values).sum(axis=1)
    return lowest, distances


def _shape(Z: Floats, least: Floats) -> tuple[Floats, Floats, Floats]:
    """Return rows' mean and their covariance's eigenvalues and eigenvectors; column variances are at least `least`."""
    location = Z.mean(axis=0)
    deviations = Z - location
    covariance = deviations.T @ deviations / len(Z)
    lift = np.maximum(least - np.diag(covariance), 0.0)
    values, vectors = np.linalg.eigh(covariance + np.diag(lift))
    return location, np.maximum(values, NARROWEST_VARIANCE), vectors


def _chi_square(probability: float, d: int) -> float:
    """Return a quantile of the chi-square distribution, by Wilson and Hilferty's approximation (1931)."""
    variance = 2.0 / (9.0 * d)
    return float(d * (1.0 - variance + NormalDist().inv_cdf(probability) * np.sqrt(variance)) ** 3)
