"""Autoencoder."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from adsql.detector import Capability, Parameter, Params, Spec
from adsql.kernels.layers import dense, mean_square_difference
from adsql.state import State, require

if TYPE_CHECKING:
    from adsql.arrow import Floats

_HIDDEN = (64, 32, 64)
_LIMIT = 10.0  # robust deviations: training on farther values would be about them alone
_MOST_ROWS = 4_000
_ENOUGH_ROWS = 50  # for rows to be held out, and for the worst to be left out
_TRIMMED = 0.1
_NARROWEST = 1e-6
_CERTAIN = 0.1  # a column that is rebuilt better than this counts as if it were rebuilt so
_LARGEST_WEIGHT = 1e6


@dataclass(frozen=True)
class Autoencoder:
    """Mean square of what a small neural network fails to rebuild of a row, each column on its own scale.

    A network of the layers 64, 32 and 64 (rectified) learns to repeat rows of a sample of at most 4,000. It is
    trained twice: the second time without the tenth of the rows that the first one rebuilt worst, so that it
    does not learn to repeat anomalies. A column's error is divided by its usual one (the root mean square of
    the lower 90%): columns that are noise for the network would outweigh the others. The network sees
    values within ±10 robust deviations; errors are taken to the values as they are, so that they grow with the
    distance. Training stops early, by rows held out. Results of another processor may differ in the last digits.

    Slower to fit than any other detector here, and less accurate than `auto`; with fewer than a few hundred rows
    it learns little more than the means.

    Parameters
    ----------
    center, scale : ndarray of shape (d,)
        Mean and standard deviation of the clipped columns.
    error : ndarray of shape (d,)
        The usual error of each column, in units of scale.
    weights : tuple of ndarray of shape (inputs, units)
        Of the four layers.
    biases : tuple of ndarray of shape (units,)
        Of the four layers.

    References
    ----------
    C. C. Aggarwal (2017): Outlier analysis, section 3.6. Springer. C. Zhou, R. C. Paffenroth (2017): Anomaly
    detection with robust deep autoencoders. KDD.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=300)
    >>> X = np.vstack([np.column_stack([x, x, -x]), [[6.0, -6.0, 6.0]]])
    >>> int(Autoencoder.fit(X, Autoencoder.spec.resolve({}), 0).score(X).argmax())
    300
    """

    center: Floats
    scale: Floats
    error: Floats
    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]

    spec: ClassVar[Spec] = Spec(
        name="autoencoder",
        summary="What a small neural network fails to rebuild of a row; finds broken relations between columns.",
        score="mean squared error, each column in units of its usual error; about 1 is usual",
        parameters=(Parameter("max_iter", 30, "Passes over the training rows, at most.", int, 1, 1_000),),
        capability=Capability.ROWS,
        cost="fit O(max_iter * d) with at most 4,000 rows, score O(128 * d + 4,096) a row",
        references=("Aggarwal 2017, Outlier analysis", "Zhou and Paffenroth 2017, KDD"),
        aliases=("auto_encoder",),
    )

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:
        """Fit to features of shape (n, d); imports scikit-learn."""
        if len(X) > _MOST_ROWS:
            X = X[np.random.default_rng(seed).choice(len(X), _MOST_ROWS, replace=False)]
        near = np.clip(X, -_LIMIT, _LIMIT)
        center, deviation = near.mean(axis=0), near.std(axis=0)
        scale = np.where(deviation > _NARROWEST, deviation, 1.0)
        Z = (near - center) / scale
        unit = np.ones(X.shape[1])
        passes = int(params["max_iter"] or 0)
        fitted = cls(center, scale, unit, *_trained(Z, passes, seed))
        if len(X) >= _ENOUGH_ROWS:
            error = fitted.score(near)
            fitted = cls(center, scale, unit, *_trained(Z[error <= np.quantile(error, 1.0 - _TRIMMED)], passes, seed))
        missed = np.abs((X - center) / scale - fitted.rebuilt(X))
        usual = np.minimum(missed, np.quantile(missed, 0.9, axis=0))
        error = np.maximum(np.sqrt(np.mean(usual**2, axis=0)), _CERTAIN)
        return cls(center, scale, error, fitted.weights, fitted.biases)

    @property
    def n_features(self) -> int:
        """Columns of X."""
        return len(self.center)

    def rebuilt(self, X: Floats) -> Floats:
        """Return the network's output, shape (n, d), in units of scale from center."""
        layer: Floats = (np.clip(X, -_LIMIT, _LIMIT) - self.center) / self.scale
        for place, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            layer = dense(layer, weight, bias, place < len(_HIDDEN))
        return layer

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        return mean_square_difference((X - self.center) / self.scale, self.rebuilt(X), self.error)

    def to_state(self) -> State:
        """Return what is stored."""
        layers = {f"weight_{place}": weight for place, weight in enumerate(self.weights)}
        layers |= {f"bias_{place}": bias for place, bias in enumerate(self.biases)}
        return State({}, {"center": self.center, "scale": self.scale, "error": self.error, **layers})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check."""
        center, scale, error = (state.floats(name) for name in ("center", "scale", "error"))
        d = len(center)
        require(d > 0 and d == len(scale) == len(error), "autoencoder: columns are incomplete")
        require(float(np.abs(center).max()) <= _LIMIT, "autoencoder: a center is too far away")
        require(bool((scale >= _NARROWEST).all() and (error >= _CERTAIN).all()), "autoencoder: a scale is too small")
        weights = tuple(state.floats(f"weight_{place}", 2) for place in range(len(_HIDDEN) + 1))
        biases = tuple(state.floats(f"bias_{place}") for place in range(len(_HIDDEN) + 1))
        for shape, weight, bias in zip(pairwise((d, *_HIDDEN, d)), weights, biases, strict=True):
            require(weight.shape == shape and len(bias) == shape[1], "autoencoder: layers do not fit together")
            largest = max(float(np.abs(weight).max()), float(np.abs(bias).max()))
            require(largest <= _LARGEST_WEIGHT, "autoencoder: a weight is too large")
        return cls(center, scale, error, weights, biases)


def _trained(Z: Floats, passes: int, seed: int) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
    """Return the weights and the biases of a network that learnt to repeat Z, shape (n, d)."""
    from sklearn.neural_network import MLPRegressor  # noqa: PLC0415 - a second that scoring need not wait

    network: Any = MLPRegressor(
        hidden_layer_sizes=_HIDDEN, learning_rate_init=0.01, batch_size=min(128, len(Z)), max_iter=passes,
        early_stopping=len(Z) >= _ENOUGH_ROWS, n_iter_no_change=8, random_state=seed,
    )  # fmt: skip
    with warnings.catch_warnings():
        # It says that it has not converged: stopping earlier is meant.
        warnings.simplefilter("ignore")
        network.fit(Z, Z if Z.shape[1] > 1 else Z[:, 0])
    contiguous = np.ascontiguousarray
    return tuple(contiguous(part) for part in network.coefs_), tuple(contiguous(part) for part in network.intercepts_)
