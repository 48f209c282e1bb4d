"""Points where a series changes for good: its level, its trend, or its variance."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from adsql.errors import InvalidOption
from adsql.kernels.contrasts import JUMP, KINK, STEP
from adsql.kernels.seasons import centred_mean, phase_medians
from adsql.ranks import mid_ranks
from adsql.series.columns import whole_times
from adsql.series.options import number_option, periods_option
from adsql.series.periods import find_periods
from adsql.series.sampling import Sampling
from adsql.series.segmentation import MIN_SEGMENT, segmented
from adsql.wording import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from adsql.arrow import Floats

SENSITIVITY = 0.01
MIN_POINTS = 4 * MIN_SEGMENT
_CLIP = 3.0  # standard deviations from the values around: one strange point is no change
_AROUND = 2 * MIN_SEGMENT + 1
_WHITEST = 0.99
_CAUTION = 2.0  # standard errors
_MAD_TO_DEVIATION = 1.4826
_ROUNDING = 1e-9
_HUGE = 1e100  # value: squares of larger ones are infinite
_FINEST = 1e-3  # noise, as a share of the differences: what has none is judged as if it had


class Kind(StrEnum):
    """What changes."""

    ANY = "any"
    LEVEL = "level"
    TREND = "trend"
    VARIANCE = "variance"


class Change(NamedTuple):
    """A change of a series.

    Parameters
    ----------
    place
        The first point behind it.
    kind
        What changed.
    before, after
        The median on both sides until the next change; of a trend the slope a point, of a variance the standard
        deviation.
    score
        The contrast, as a normal deviate.
    confidence
        The probability that the largest contrast of a series without any change is smaller.
    """

    place: int
    kind: Kind
    before: float
    after: float
    score: float
    confidence: float


@dataclass(frozen=True)
class ChangeOptions:
    """What a call asks for, checked; build one with `parse`.

    Parameters
    ----------
    kind
        Which changes.
    sensitivity
        The share of series without a change, of which one is claimed.
    periods
        Seasons in points; None to find them.
    """

    kind: Kind = Kind.ANY
    sensitivity: float = SENSITIVITY
    periods: tuple[int, ...] | None = None

    @classmethod
    def parse(cls, kind: object = None, sensitivity: object = None, season: object = None) -> ChangeOptions:
        """Check the options of the SQL contract; None means not given.

        Raises
        ------
        InvalidOption
            For anything that cannot be used; the message names it.

        Examples
        --------
        >>> ChangeOptions.parse("level").sensitivity
        0.01
        """
        if kind is not None and (not isinstance(kind, str) or kind not in list(Kind)):
            raise InvalidOption(f"kind = {shown(kind)} cannot be used", allowed=list(Kind))
        return cls(
            Kind.ANY if kind is None else Kind(kind),
            number_option("sensitivity", sensitivity, SENSITIVITY, 0.5, above_zero=True),
            periods_option(season),
        )


def find_changes(values: Floats, options: ChangeOptions | None = None) -> list[Change]:
    """Find where a series changes its level, its trend, or its variance.

    Seasons are taken out, and what each value has from the one before it: its correlation is estimated from
    differences, which changes hardly touch. Then the narrowest of many intervals in which a change stands out marks
    one, those around it are put aside, and so on. What stands out is more than the largest contrast in all intervals of
    noise but for a share `sensitivity` of series, so that a series without a change keeps none with that probability.
    A level may change beside any straight line, a trend beside any level. Variances are compared by the ranks of the
    distances from that, so that they need not be normal.

    Parameters
    ----------
    values
        Shape (n,); NaN is left out.
    options
        Checked options.

    Returns
    -------
    list of Change
        In the order of time; none for a series of fewer than 32 values, or one that is constant.

    Notes
    -----
    O(n log n). Two changes are at least 8 points apart.

    References
    ----------
    Baranowski, Chen, Fryzlewicz: Narrowest-over-threshold detection of multiple change points, 2019. Kovács, Li,
    Bühlmann, Munk: Seeded binary segmentation, 2023. Chakar, Lebarbier, Lévy-Leduc, Robin: A robust approach for
    estimating change-points in the mean of an AR(1) process, 2017.

    Examples
    --------
    >>> values = np.random.default_rng(0).normal(size=300)
    >>> values[200:] += 3.0
    >>> [(change.place, str(change.kind), round(change.after - change.before)) for change in find_changes(values)]
    [(200, 'level', 3)]
    """
    asked = ChangeOptions() if options is None else options
    present = np.flatnonzero(np.abs(values) < _HUGE)
    x = values[present]
    if len(x) < MIN_POINTS or not np.ptp(x) > _ROUNDING * np.abs(x).max():
        return []
    series = _without_seasons(x, asked.periods)
    white = _whitened(series)
    if white is None:
        return []
    both = (JUMP, KINK)
    lines = [place for place, *_ in segmented(white, both, asked.sensitivity)]
    ranks = _normal_ranks(np.abs(_from_lines(white, lines)))
    variances = segmented(ranks, (STEP,), asked.sensitivity)
    found: list[tuple[int, Kind, float, float]] = []
    if asked.kind in (Kind.VARIANCE, Kind.ANY):
        found += [(place, Kind.VARIANCE, score, confidence) for place, _, score, confidence in variances]
    if asked.kind is not Kind.VARIANCE:
        # Noise that becomes larger is no change of level.
        even = _even(white, lines, [place for place, *_ in variances])
        forms = {Kind.LEVEL: (JUMP,), Kind.TREND: (KINK,), Kind.ANY: both}[asked.kind]
        found += [
            (place, Kind.LEVEL if form == JUMP else Kind.TREND, score, confidence)
            for place, form, score, confidence in segmented(even, forms, asked.sensitivity)
        ]
    return [_described(series, change, found, present) for change in sorted(found)]


def changed_rows(
    time: pa.Array[Any], values: Floats, excluded: NDArray[np.bool_], options: ChangeOptions
) -> list[Change]:
    """Find the changes of a series given by rows; the place of a change is its row.

    Parameters
    ----------
    time
        The rows' times, in any order; rows of the same time are one point of the series, its mean.
    values
        Shape (n,), NaN where there is none.
    excluded
        Shape (n,): rows that count as missing.
    options
        Checked options.

    Examples
    --------
    >>> import pyarrow as pa
    >>> values = np.repeat([1.0, 5.0], 50)
    >>> [found] = changed_rows(pa.array(range(100)), values, np.zeros(100, dtype=bool), ChangeOptions())
    >>> found.place, found.before, found.after
    (50, 1.0, 5.0)
    """
    times, known = whole_times(time)
    sampling = Sampling.of(times, known)
    series = sampling.spread(np.where(excluded, np.nan, values))
    rows = sampling.rows[np.searchsorted(sampling.places, np.arange(sampling.n))]
    return [change._replace(place=int(rows[change.place])) for change in find_changes(series, options)]


def _without_seasons(x: Floats, periods: tuple[int, ...] | None) -> Floats:
    found = find_periods(x) if periods is None else periods
    for period in found:
        if 2 * period <= len(x):
            trend = centred_mean(x, period)
            season = phase_medians(x - trend, period, 0)
            x = x - season[np.arange(len(x)) % period]
    return x


def _whitened(x: Floats) -> Floats | None:
    """Return what each value does not have from the one before it, clipped and scaled to variance 1; None if nothing.

    The first value counts as what it is expected to be.
    """
    near, far = np.diff(x), x[2:] - x[:-2]
    spread = _spread(near)
    if not spread > 0.0:
        return None
    correlation = 0.0
    if _deviation(near) > 0.0:  # else most values are as the one before
        # Estimated too low, what is left of it would look like changes.
        estimate = (_spread(far) / spread) ** 2 - 1.0 + _CAUTION / np.sqrt(len(x))
        correlation = float(np.clip(estimate, -_WHITEST, 1.0))
    rest = x[1:] - correlation * x[:-1]
    rest = np.append(rest[:1], rest)
    middle = _running_median(rest)
    deviation = max(_deviation(np.diff(rest)) / np.sqrt(2.0), _FINEST * spread)
    clipped: Floats = np.clip(rest, middle - _CLIP * deviation, middle + _CLIP * deviation)
    scale = float(np.sqrt(((clipped - middle) ** 2).mean()))
    result: Floats = (clipped - np.median(clipped)) / min(max(deviation, scale), _CLIP * deviation)
    return result


def _spread(values: Floats) -> float:
    """Return the standard deviation of values, of which strange ones count no more than three others."""
    robust = _deviation(values) or float(np.abs(values).mean())
    return float(np.sqrt((np.clip(values, -_CLIP * robust, _CLIP * robust) ** 2).mean()))


def _deviation(values: Floats) -> float:
    return _MAD_TO_DEVIATION * float(np.median(np.abs(values - np.median(values))))


def _running_median(x: Floats) -> Floats:
    half = _AROUND // 2
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, half, mode="reflect"), _AROUND)
    result: Floats = np.median(windows, axis=1)
    return result


def _from_lines(z: Floats, places: Sequence[int]) -> Floats:
    """Return the distances from the straight lines between changes."""
    rest = z.copy()
    for first, last in pairwise([0, *places, len(z)]):
        t = np.arange(last - first) - (last - first - 1) / 2.0
        part = z[first:last] - z[first:last].mean()
        slope = (t * part).sum() / max((t * t).sum(), 1.0)
        rest[first:last] = part - slope * t
    return rest


def _even(z: Floats, lines: Sequence[int], variances: Sequence[int]) -> Floats:
    """Return values whose distances from the lines are as large everywhere between changes of variance."""
    if not variances:
        return z
    rest, even = _from_lines(z, lines), z.copy()
    for first, last in pairwise([0, *variances, len(z)]):
        spread = float(rest[first:last].std())
        even[first:last] /= spread if spread > _ROUNDING else 1.0
    return even


def _normal_ranks(values: Floats) -> Floats:
    """Return values as normal deviates of their ranks; ties have the one of their middle."""
    shares, which = np.unique(mid_ranks(values) / len(values), return_inverse=True)
    inverse = NormalDist().inv_cdf
    scores = np.array([inverse(share) for share in shares])[which]
    spread = scores.std()
    result: Floats = scores / spread if spread > 0.0 else scores
    return result


def _described(
    x: Floats,
    change: tuple[int, Kind, float, float],
    found: Sequence[tuple[int, Kind, float, float]],
    present: NDArray[np.int64],
) -> Change:
    place, kind, score, confidence = change
    edges = sorted({0, len(x), *(other[0] for other in found)})
    where = edges.index(place)
    left, right = x[edges[where - 1] : place], x[place : edges[where + 1]]
    measure = {Kind.LEVEL: _median, Kind.TREND: _slope, Kind.VARIANCE: _spread_about_line}[kind]
    return Change(int(present[place]), kind, measure(left), measure(right), score, confidence)


def _median(x: Floats) -> float:
    return float(np.median(x))


def _slope(x: Floats) -> float:
    t = np.arange(len(x)) - (len(x) - 1) / 2.0
    return float((t * x).sum() / max((t * t).sum(), 1.0))


def _spread_about_line(x: Floats) -> float:
    return float(_from_lines(x, ()).std())
