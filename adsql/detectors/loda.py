"""Lightweight on-line detector of anomalies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from adsql.detector import Capability, Parameter, Params, Spec
from adsql.kernels.projections import project, projected_surprise
from adsql.state import State, require

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

_MOST_BINS = 400
_LARGEST_WEIGHT = 100.0  # far beyond any normal draw; keeps altered models finite
# So little narrower than the range that the largest value falls into the last bin, not on its upper edge.
_INSIDE = 1.0 - 1e-12


@dataclass(frozen=True)
class LODA:
    """Mean of -ln(probability of the bin) over the histograms of sparse random projections.

    Each projection adds up sqrt(d) columns, rounded up, with standard normal weights; its histogram has bins
    of equal width, as many as maximise the penalised likelihood of Birgé and Rozenholc (up to 400). A bin that
    holds none of the n training rows, and every value outside the bins, has probability 1 / (n + 1): less than
    any training row, yet finite. Hence rows far outside on every projection share the highest score, ln(n + 1),
    and a single enormous value in training, which stretches the bins, hides lesser anomalies.

    Bins are found as in the paper. PyOD looks one bin to the left of the right one, which costs it accuracy, so
    scores differ from PyOD's.

    Parameters
    ----------
    columns : ndarray of shape (k * s,)
        The columns that each of the k projections adds up, one projection after another.
    weights : ndarray of shape (k, s)
        Their weights.
    low, per_bin : ndarray of shape (k,)
        The lower edge of the first bin, and bins per unit.
    first : ndarray of shape (k + 1,)
        Where each projection's surprises begin.
    surprise : ndarray of shape (sum of bins + 2 k,)
        -ln(probability) of each projection's bins, between that of the values below and that of those above.
    n_features : int
        Columns of X.

    References
    ----------
    T. Pevný (2016): Loda: lightweight on-line detector of anomalies. Machine Learning 102.
    L. Birgé, Y. Rozenholc (2006): How many bins should be put in a regular histogram. ESAIM: P&S 10.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.vstack([np.random.default_rng(0).normal(size=(200, 2)), [[9.0, -9.0]]])
    >>> int(LODA.fit(X, LODA.spec.resolve({}), 0).score(X).argmax())
    200
    """

    columns: NDArray[np.int32]
    weights: Floats
    low: Floats
    per_bin: Floats
    first: NDArray[np.int32]
    surprise: Floats
    n_features: int

    spec: ClassVar[Spec] = Spec(
        name="loda",
        summary="How rare a row is in histograms of random projections; very fast, also on wide tables.",
        score="mean of -ln(probability of the row's bin), at most ln(training rows + 1)",
        parameters=(
            Parameter("n_bins", "auto", "Bins per projection, or the rule of Birgé and Rozenholc.", int, 2, 10_000,
                      choices=("auto",)),
            Parameter("n_random_cuts", 100, "Projections.", int, 1, 10_000),
        ),
        capability=Capability.ROWS,
        cost="fit O(projections * n * sqrt(d)), score O(projections * sqrt(d)) a row",
        references=("Pevný 2016, Machine Learning 102", "Birgé and Rozenholc 2006, ESAIM: P&S 10"),
        aliases=("lightweight_online_detector",),
    )  # fmt: skip

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:
        """Fit to features of shape (n, d)."""
        n, d = X.shape
        wanted, k = params["n_bins"], int(params["n_random_cuts"] or 0)
        rng = np.random.default_rng(seed)
        s = math.ceil(math.sqrt(d))
        columns = np.concatenate([rng.choice(d, s, replace=False) for _ in range(k)]).astype(np.int32)
        weights = rng.standard_normal((k, s))
        low, per_bin = np.empty(k), np.empty(k)
        surprise = []
        for p, projected in enumerate(project(X, columns, weights)):
            low[p], length = _range(projected)
            share = (projected - low[p]) * (_INSIDE / length)
            bins = _birge_rozenholc(share) if wanted == "auto" else int(wanted or 0)
            per_bin[p] = bins * (_INSIDE / length)
            position = np.clip((projected - low[p]) * per_bin[p], 0, bins - 1)
            counts = np.bincount(position.astype(np.int64), minlength=bins)
            padded = np.concatenate([[0], counts, [0]])
            surprise.append(-np.log(np.where(padded > 0, padded / n, 1.0 / (n + 1.0))))
        first = np.cumsum([0, *(len(part) for part in surprise)], dtype=np.int32)
        return cls(columns, weights, low, per_bin, first, np.concatenate(surprise), d)

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        return projected_surprise(
            X, self.columns, self.weights, self.low, self.per_bin, self.first, self.surprise
        )  # fmt: skip

    def to_state(self) -> State:
        """Return what is stored."""
        return State(
            {"n_features": self.n_features},
            {
                "columns": self.columns, "weights": self.weights, "low": self.low, "per_bin": self.per_bin,
                "first": self.first, "surprise": self.surprise,
            },
        )  # fmt: skip

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check that every look-up stays inside its projection's bins."""
        d = state.scalar("n_features", int)
        columns, weights = state.integers("columns", 0, d), state.floats("weights", 2)
        low, per_bin, surprise = state.floats("low"), state.floats("per_bin"), state.floats("surprise")
        first = state.integers("first", 0, len(surprise) + 1)
        k = len(weights)
        require(k > 0 and len(columns) == weights.size > 0, "loda: columns and weights differ")
        require(bool((np.abs(weights) <= _LARGEST_WEIGHT).all()), "loda: a weight is too large")
        require(len(low) == len(per_bin) == len(first) - 1 == k, "loda: projections and histograms differ")
        require(bool((per_bin > 0).all()), "loda: a bin has no width")
        require(first[0] == 0 and first[-1] == len(surprise), "loda: bins are left over")
        require(bool((np.diff(first) > 2).all()), "loda: a histogram has no bin")  # noqa: PLR2004 - one a side
        return cls(columns, weights, low, per_bin, first, surprise, d)


def _range(values: Floats) -> tuple[float, float]:
    """Return the lowest value and the length of the range; of values that hardly differ, a range of 1 around them."""
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-12 * max(abs(low), abs(high), 1.0):
        return low - 0.5, 1.0
    return low, high - low


def _birge_rozenholc(share: Floats) -> int:
    """Return the number of bins that maximises ln-likelihood - (bins - 1 + ln(bins)^2.5).

    Up to n / ln n bins, as in the paper, and up to 400; beyond a dozen, only numbers a fifth apart are tried.

    Parameters
    ----------
    share
        Where the values lie in their range, in [0, 1).
    """
    n = len(share)
    most = min(_MOST_BINS, max(2, int(n / math.log(n)))) if n > 1 else 2
    candidates = np.unique(np.geomspace(2, most, 24).round().astype(np.int64))
    return max((int(bins) for bins in candidates), key=lambda bins: _penalised_likelihood(share, bins))


def _penalised_likelihood(share: Floats, bins: int) -> float:
    counts = np.bincount((share * bins).astype(np.int64), minlength=bins)
    held = counts[counts > 0]
    return float((held * np.log(bins * held / len(share))).sum() - (bins - 1 + math.log(bins) ** 2.5))
