"""Severity: where a score lies among the training scores, comparable across detectors and models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.columns import tail_position
from adsql.state import State, require

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

_BODY_KNOTS = 768
_TAIL_KNOTS = 256


@dataclass(frozen=True)
class Calibration:
    """The distribution of training scores, as a monotone map from score to severity.

    Severity is the share of training rows with a lower score, ties counted half, interpolated between
    training scores. Above the highest of n training scores it approaches 1 exponentially from 1 - 1/(2n), and
    never exceeds it. A typical row has 0.5, whatever the detector.

    Parameters
    ----------
    scores
        Ascending distinct training scores, all of them up to a thousand, else evenly chosen, with every one
        of the 256 highest.
    positions
        Their mid-ranks in (0, 1).
    tail
        The scale at which severity approaches 1 above the highest training score.

    Examples
    --------
    >>> import numpy as np
    >>> calibration = Calibration.fit(np.array([1.0, 2.0, 3.0, 4.0]))
    >>> calibration.severity(np.array([0.0, 2.5, 4.0])).tolist()
    [0.0, 0.5, 0.875]
    """

    scores: Floats
    positions: Floats
    tail: float

    @classmethod
    def fit(cls, scores: Floats) -> Calibration:
        """Fit to n finite training scores; O(n log n)."""
        distinct, counts = np.unique(scores, return_counts=True)
        positions = (np.cumsum(counts) - counts / 2.0) / len(scores)
        keep = _knots(len(distinct))
        distinct, positions = distinct[keep], positions[keep]
        spread = float(distinct[-1] - np.interp(0.9, positions, distinct))
        return cls(distinct, positions, spread if spread > 0 else max(abs(float(distinct[-1])), 1.0))

    def merged(self, other: Calibration, weight: float) -> Calibration:
        """Return the distribution of which this one is a part, and `other` is `weight` of it, in (0, 1)."""
        scores = np.union1d(self.scores, other.scores)
        positions = (1.0 - weight) * self.severity(scores) + weight * other.severity(scores)
        rising = np.append(True, np.diff(np.maximum.accumulate(positions)) > 0) & (positions > 0) & (positions < 1)
        keep = _knots(int(rising.sum()))
        tail = (1.0 - weight) * self.tail + weight * other.tail
        return Calibration(scores[rising][keep], positions[rising][keep], tail)

    def score_at(self, position: float) -> float:
        """Return the score below which a share of the rows lies, in (0, 1)."""
        return float(np.interp(position, self.positions, self.scores))

    def severity(self, scores: Floats) -> Floats:
        """Return severities in [0, 1] for scores of shape (n,)."""
        return tail_position(scores, self.scores, self.positions, self.tail)

    def to_state(self) -> State:
        """Return what is stored."""
        return State({"tail": self.tail}, {"scores": self.scores, "positions": self.positions})

    @classmethod
    def from_state(cls, state: State) -> Calibration:
        """Restore and check what `to_state` returned."""
        scores, positions, tail = (
            state.floats("scores"),
            state.floats("positions"),
            state.scalar("tail", float),
        )
        require(len(scores) == len(positions) > 0, "the calibration is empty")
        require(
            bool((np.diff(scores) > 0).all() and (np.diff(positions) > 0).all()),
            "the calibration is not monotone",
        )
        require(bool(positions[0] > 0 and positions[-1] < 1 and tail > 0), "the calibration leaves (0, 1)")
        return cls(scores, positions, tail)


def _knots(count: int) -> NDArray[np.int64]:
    """Return which of ascending scores to keep: all up to a thousand, else evenly chosen ones and the highest."""
    if count <= _BODY_KNOTS + _TAIL_KNOTS:
        return np.arange(count)
    body = np.linspace(0, count - _TAIL_KNOTS - 1, _BODY_KNOTS).round().astype(np.int64)
    return np.concatenate([body, np.arange(count - _TAIL_KNOTS, count)])
