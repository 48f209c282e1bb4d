"""How far a point may be from what was expected: tails fitted to the bulk of past deviations."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from adsql.arrow import Floats

MIN_DEVIATIONS = 12
_INNER = 0.9  # where the tail begins, as a share of the deviations on both sides
_OUTER = 0.99
_BEYOND_OUTER = 6.0  # deviations on a side that the outer quantile leaves beyond it
# Divided by the deviations: how much wider bounds are that were fitted to few. The quantile that leaves out a share of
# new points lies beyond the one that leaves it out of those seen; how far was measured on clean series.
_UNCERTAINTY = 20.0
_HEAVIEST = 4.0
_NORMAL = NormalDist()
_ONE_DEVIATION = _NORMAL.cdf(1.0)
_SHARED = 1.75  # chosen so that clean series of ten kinds have no more false alarms than asked for
_LEAST_UNIT = 1e-4  # of the standard deviation: smaller differences are rounding


@dataclass(frozen=True)
class Tail:
    """One side's distances from the centre: `size * z ** weight` at the normal deviate z.

    A normal tail has the weight 1, heavier ones more. Both may be arrays, one tail for each distance.
    """

    size: float | Floats
    weight: float | Floats

    @classmethod
    def fit(cls, distances: Floats, share: float) -> Tail:
        """Fit to the ascending distances of one side, which are `share` of all deviations."""
        n = len(distances)
        widened = 1.0 + _UNCERTAINTY / max(n / share, 1.0)
        inner = _at(distances, _INNER, share)
        outer_rank = min(_OUTER, 1.0 - _BEYOND_OUTER / max(n / share, 1.0))
        if not inner > 0.0 or outer_rank <= _INNER + 0.01:
            # Too few to tell how heavy the tail is, or most of them zero.
            rank = max(outer_rank, _INNER) if not inner > 0.0 else _INNER
            return cls(_at(distances, rank, share) / _NORMAL.inv_cdf(rank) * widened, 1.0)
        outer = _at(distances, outer_rank, share)
        near, far = _NORMAL.inv_cdf(_INNER), _NORMAL.inv_cdf(outer_rank)
        weight = float(np.clip(np.log(outer / inner) / np.log(far / near), 0.5, _HEAVIEST))
        return cls(outer / far**weight * widened, weight)

    def reach(self, deviate: float) -> float | Floats:
        """Return the distance at a normal deviate."""
        return self.size * deviate**self.weight

    def deviates(self, distances: Floats) -> Floats:
        """Return the normal deviates of distances of at least 0; infinite where none was ever seen."""
        with np.errstate(divide="ignore", invalid="ignore"):
            deviates = (distances / self.size) ** (1.0 / self.weight)
        result: Floats = np.where(self.size > 0.0, deviates, np.where(distances > 0.0, np.inf, 0.0))
        return result


def _at(distances: Floats, rank: float, share: float) -> float:
    """Return the distance that a normal deviate's probability has, of distances that are a share of all."""
    n = len(distances)
    if n == 0:
        return 0.0
    within = 1.0 - (1.0 - rank) / share
    place = within * (n + 1) - 1.0
    return float(np.interp(place, np.arange(n), distances))


@dataclass(frozen=True)
class Tails:
    """The centre of deviations and their two tails, fitted so that few anomalies hardly matter.

    Each side is known by two of its quantiles, at 90% and at most 99%; beyond, the tail goes on as the normal
    one does, to the power that the two ask for. Points farther out have no influence.

    Examples
    --------
    >>> import numpy as np
    >>> tails = Tails.fit(np.random.default_rng(0).normal(size=20_000))
    >>> low, high = tails.interval(2.576)
    >>> round(low, 1), round(high, 1)
    (-2.6, 2.6)
    """

    centre: float | Floats
    below: Tail
    above: Tail

    @classmethod
    def fit(cls, deviations: Floats) -> Tails:
        """Fit to at least `MIN_DEVIATIONS` finite deviations; O(n log n)."""
        ordered = np.sort(deviations)
        n = len(ordered)
        centre = float(np.median(ordered))
        above = ordered[ordered >= centre] - centre
        below = (centre - ordered[ordered <= centre])[::-1]
        return cls(centre, Tail.fit(below, len(below) / n), Tail.fit(above, len(above) / n))

    def interval(self, deviate: float) -> tuple[float | Floats, float | Floats]:
        """Return the deviations that lie at a normal deviate on both sides."""
        return self.centre - self.below.reach(deviate), self.centre + self.above.reach(deviate)

    def deviates(self, deviations: Floats) -> Floats:
        """Return the normal deviates that are as rare, negative below the centre."""
        distances = deviations - self.centre
        below = self.below.deviates(np.maximum(-distances, 0.0))
        return np.where(distances < 0.0, -below, self.above.deviates(np.maximum(distances, 0.0)))


def bulk_deviates(scores: Floats) -> Floats:
    """Return how rare scores of stretches are, as normal deviates of at least 0.

    In units of the distance from their median to their 84% quantile, which anomalies of up to a sixth of the points
    hardly move, and of three quarters as much again: neighbouring scores share most of what they are made of, so
    that few of them are independent, and the largest lie farther out than those of so many normal deviates.

    Parameters
    ----------
    scores
        Shape (n,), n > 0, finite.

    Examples
    --------
    >>> bulk_deviates(np.array([1.0, 1.0, 2.0, 3.0, 2.0, 2.0, 50.0])).round().tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 8.0]
    """
    middle, high = np.quantile(scores, [0.5, _ONE_DEVIATION])
    unit = _SHARED * max(high - middle, _LEAST_UNIT * float(scores.std()))
    if not unit > 0.0:
        return np.zeros(len(scores))
    result: Floats = np.maximum(scores - middle, 0.0) / unit
    return result


def deviate_of(sensitivity: float) -> float:
    """Return the normal deviate that a share of normal points lies beyond, on both sides together.

    >>> round(deviate_of(0.01), 3)
    2.576
    """
    return _NORMAL.inv_cdf(1.0 - sensitivity / 2.0)
