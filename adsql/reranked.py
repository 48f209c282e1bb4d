"""A detector that has learned from verdicts: what people said of a few rows changes the scores of all rows.

What the detector says is taken as log odds, 0 at its threshold. To these a Gaussian process adds what the verdicts
tell, with a covariance of four parts: a shift of all rows, a linear part in the features, more or less trust in the
detector, and bumps around the rows that verdicts are on. So rows near those that were called normal are muted, and
where verdicts show which columns matter, all rows are ranked anew. The prior is the detector itself: without verdicts
nothing changes, and a few change little but close by. Some rows of the training that nobody looked at count as normal,
at a fifth of a verdict, since most rows are.

The sum is brought back to the detector's own scale, where its threshold is the old one; then the threshold is moved,
as little as makes the verdicts' F1 the best.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, NoReturn, Self

import numpy as np

from adsql.errors import NoSqlForm
from adsql.kernels.verdicts import corrected, log_odds_of_scores, scores_of_log_odds, squeezed
from adsql.state import State, require
from adsql.training_rows import not_zero

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adsql.arrow import Floats
    from adsql.detector import Detector, Fitted, Spec
    from adsql.expressions import E, Expressions

# Standard deviations of what verdicts may change, in log odds.
SHIFT = 1.0
TRUST = 0.2  # times what the detector says
LINEAR = 1.0
BUMP = 2.0
BUMP_TRUST = 1.0  # times what the detector says: a row that is far out can be muted as well
WIDTH = 0.5  # of a bump, in standard deviations of a column, for the root mean square over the columns
UNSEEN = 50  # rows that nobody looked at
UNSEEN_WEIGHT = 0.2
_STEPS = 100
_PRECISION = 1e-10
_LEAST_CURVATURE = 1e-9
_SMALLEST_SPREAD = 1e-9


class Verdicts(NamedTuple):
    """Rows that somebody judged: features of shape (m, d), and which are anomalies, shape (m,)."""

    X: Floats
    is_anomaly: NDArray[np.bool_]

    def taken(self, which: NDArray[np.bool_]) -> Verdicts:
        """Return some of them."""
        return Verdicts(self.X[which], self.is_anomaly[which])


@dataclass(frozen=True)
class Reranked:
    """A fitted detector and what verdicts add to its scores; it stands wherever the detector does.

    Parameters
    ----------
    detector
        The detector.
    center, spread
        Its threshold, and how far that lies above its median score.
    scale, judged, heights, tilts, slopes, trust, shift
        As in `adsql.kernels.verdicts.corrected`.
    verdicts, anomalies
        How many there were, and how many of them called a row an anomaly.

    References
    ----------
    C. E. Rasmussen, C. K. I. Williams (2006): Gaussian Processes for Machine Learning, algorithm 3.1. MIT Press.

    Examples
    --------
    >>> from adsql.detectors.zscore import ZScore
    >>> X = np.random.default_rng(0).normal(size=(500, 2))
    >>> detector = ZScore.fit(X, ZScore.spec.resolve({}), 0)
    >>> learned = Reranked.fit(detector, X, Verdicts(np.array([[6.0, 0.0]]), np.array([False])), 4.0)
    >>> rows = np.array([[6.0, 0.1], [-9.0, 0.0]])
    >>> (detector.score(rows) > 4.0).tolist(), (learned.score(rows) > 4.0).tolist()
    ([True, True], [False, True])
    """

    detector: Fitted
    center: float
    spread: float
    scale: Floats
    judged: Floats
    heights: Floats
    tilts: Floats
    slopes: Floats
    trust: float
    shift: float
    verdicts: int
    anomalies: int

    @classmethod
    def fit(cls, detector: Fitted, X: Floats, verdicts: Verdicts, threshold: float) -> Self:
        """Learn from verdicts; O(m^3) for m of them.

        Parameters
        ----------
        detector
            Fitted to X.
        X
            Training rows, shape (n, d).
        verdicts
            On rows of the same features, in X or not; at least one.
        threshold
            The detector's threshold.
        """
        scores = detector.score(X)
        spread = max(threshold - float(np.median(scores)), _SMALLEST_SPREAD * max(abs(threshold), 1.0))
        rows = np.arcsinh(X)
        scale = not_zero(rows.std(axis=0), rows) * (WIDTH * np.sqrt(2.0 * X.shape[1]))
        points = np.vstack([verdicts.X, X[_unseen(scores, threshold)]])
        judged = squeezed(points, scale)
        said = log_odds_of_scores(detector.score(np.asfortranarray(points)), threshold, spread)
        is_anomaly = np.zeros(len(points))
        is_anomaly[: len(verdicts.X)] = verdicts.is_anomaly
        weights = np.full(len(points), UNSEEN_WEIGHT)
        weights[: len(verdicts.X)] = 1.0
        forces = _forces(_covariance(judged, said), said, is_anomaly, weights)
        return cls(
            detector, threshold, spread, scale, np.ascontiguousarray(judged.T),
            heights=BUMP**2 * forces, tilts=BUMP_TRUST**2 * forces * said,
            slopes=_LINEAR_VARIANCE * (forces @ judged), trust=1.0 + TRUST**2 * float(forces @ said),
            shift=SHIFT**2 * float(forces.sum()),
            verdicts=len(verdicts.X), anomalies=int(verdicts.is_anomaly.sum()),
        )  # fmt: skip

    @property
    def spec(self) -> Spec:
        """The detector's."""
        return self.detector.spec

    @property
    def n_features(self) -> int:
        """Columns of X."""
        return self.detector.n_features

    def score(self, X: Floats) -> Floats:
        """Return scores on the detector's scale, shape (n,)."""
        return scores_of_log_odds(self.log_odds(X), self.center, self.spread)

    def log_odds(self, X: Floats) -> Floats:
        """Return how likely rows are anomalies, as log odds, shape (n,)."""
        said = log_odds_of_scores(self.detector.score(X), self.center, self.spread)
        return corrected(
            X, said, self.scale, self.judged, self.heights, self.tilts, self.slopes, self.trust, self.shift
        )

    def threshold(self, verdicts: Verdicts) -> float:
        """Return the threshold with the best F1 on verdicts that is nearest to the old one."""
        chosen = nearest_threshold(self.log_odds(np.asfortranarray(verdicts.X)), verdicts.is_anomaly)
        return float(scores_of_log_odds(np.array([chosen]), self.center, self.spread)[0])

    def expression(self, features: Sequence[E], sql: Expressions[E]) -> NoReturn:
        """Refuse: the formula grows with verdicts times features, beyond what databases plan."""
        del features, sql
        raise NoSqlForm(
            f"{self.spec.name}: a model that has learned from verdicts has no SQL form",
            hint="write the version before the verdicts, or score with anomaly_score",
        )

    def description(self) -> dict[str, str]:
        """Return what it learned from."""
        return {
            "verdicts": f"{self.verdicts}, of which {self.anomalies} anomalies",
            "threshold before verdicts": f"{self.center:.9g}",
        }

    def to_state(self) -> State:
        """Return what is stored."""
        own = State(
            {
                "center": self.center, "spread": self.spread, "trust": self.trust, "shift": self.shift,
                "verdicts": self.verdicts, "anomalies": self.anomalies,
            },
            {name: getattr(self, name) for name in ("scale", "judged", "heights", "tilts", "slopes")},
        )  # fmt: skip
        return State.joined({"detector": self.detector.to_state(), "verdicts": own})

    @classmethod
    def from_state(cls, state: State, algorithm: type[Detector]) -> Self:
        """Restore and check."""
        own, detector = state.child("verdicts"), algorithm.from_state(state.child("detector"))
        scale, judged = own.scales("scale"), own.floats("judged", 2)
        heights, tilts, slopes = own.floats("heights"), own.floats("tilts"), own.floats("slopes")
        numbers = {name: own.scalar(name, float) for name in ("center", "spread", "trust", "shift")}
        require(bool(np.isfinite(list(numbers.values())).all()), "verdicts: a number is not finite")
        require(all(abs(value) <= _LARGEST for value in numbers.values()), "verdicts: a number is too large")
        require(numbers["spread"] >= _SMALLEST_SPREAD, "verdicts: the spread is too small")
        require(judged.shape == (len(scale), len(heights)), "verdicts: rows and features differ")
        require(len(slopes) == len(scale) == detector.n_features, "verdicts: features differ")
        require(len(tilts) == len(heights), "verdicts: rows and weights differ")
        counts = {name: own.scalar(name, int) for name in ("verdicts", "anomalies")}
        return cls(
            detector, numbers["center"], numbers["spread"], scale, np.ascontiguousarray(judged), heights, tilts, slopes,
            numbers["trust"], numbers["shift"], **counts,
        )  # fmt: skip


_LARGEST = 1e100
_LINEAR_VARIANCE = LINEAR**2 * 2.0 * WIDTH**2  # of features on the scale of the bumps, over their mean square


def nearest_threshold(log_odds: Floats, is_anomaly: NDArray[np.bool_]) -> float:
    """Return the threshold with the best F1 on judged rows that is nearest to 0; without anomalies, the fewest flags.

    Examples
    --------
    >>> nearest_threshold(np.array([-1.0, 1.0, 3.0]), np.array([False, False, True]))
    2.0
    >>> nearest_threshold(np.array([-1.0, 3.0]), np.array([False, True]))
    0.0
    """
    ordered = np.unique(log_odds)
    between = ordered[:-1] + np.diff(ordered) / 2.0
    candidates = np.concatenate([[0.0, ordered[0] - 1e-6, ordered[-1]], between])
    flagged = log_odds > candidates[:, None]
    hits, count, anomalies = (flagged & is_anomaly).sum(axis=1), flagged.sum(axis=1), int(is_anomaly.sum())
    quality = 2.0 * hits / (count + anomalies) if anomalies else -count
    best = candidates[quality == quality.max()]
    return float(best[np.abs(best).argmin()])


def _unseen(scores: Floats, threshold: float) -> NDArray[np.intp]:
    """Return rows that are not flagged, evenly from the lowest score to the highest."""
    order = np.argsort(scores, kind="stable")
    order = order[scores[order] <= threshold]
    if not len(order):
        return order
    return order[np.unique(np.linspace(0, len(order) - 1, UNSEEN).astype(np.intp))]


def _covariance(judged: Floats, said: Floats) -> Floats:
    """Return the prior covariance of what verdicts change, shape (m, m)."""
    products = judged @ judged.T
    squares = np.diag(products)
    bumps = np.exp(-np.maximum(squares[:, None] + squares - 2.0 * products, 0.0))
    both = np.outer(said, said)
    result: Floats = SHIFT**2 + TRUST**2 * both + _LINEAR_VARIANCE * products + (BUMP**2 + BUMP_TRUST**2 * both) * bumps
    return result


def _forces(covariance: Floats, prior: Floats, is_anomaly: Floats, weights: Floats) -> Floats:
    """Return how hard each judged row pulls: the change's mode is covariance @ forces; Newton's method, shape (m,)."""
    sign = np.where(is_anomaly > 0, 1.0, -1.0)

    def objective(forces: Floats, log_odds: Floats) -> float:
        likelihood = -(weights * np.logaddexp(0.0, -sign * log_odds)).sum()
        return float(likelihood - 0.5 * forces @ (log_odds - prior))

    forces, log_odds = np.zeros(len(prior)), prior
    reached = objective(forces, log_odds)
    for _ in range(_STEPS):
        probability = np.exp(-np.logaddexp(0.0, -log_odds))
        curvature = np.maximum(weights * probability * (1.0 - probability), _LEAST_CURVATURE)
        root = np.sqrt(curvature)
        target = curvature * (log_odds - prior) + weights * (is_anomaly - probability)
        matrix = np.eye(len(prior)) + root[:, None] * covariance * root
        step = target - root * np.linalg.solve(matrix, root * (covariance @ target)) - forces
        gained = False
        for size in 0.5 ** np.arange(20):
            tried = forces + size * step
            moved = prior + covariance @ tried
            value = objective(tried, moved)
            if value > reached:
                gained = value - reached > _PRECISION
                forces, log_odds, reached = tried, moved, value
                break
        if not gained:
            break
    return forces
