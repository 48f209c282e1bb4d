"""One series in, a verdict on every row out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import numpy as np

from adsql.kernels.columns import upper_half_probability
from adsql.series.bounds import Tails, deviate_of
from adsql.series.channels import channel_neighbours
from adsql.series.decomposition import MIN_POINTS, Expected, decompose
from adsql.series.online import stream_novelty
from adsql.series.options import CHANNELS, DECOMPOSITION, ONLINE, Direction, Mode, SeriesOptions
from adsql.series.sampling import Sampling
from adsql.series.window_neighbours import window_neighbours
from adsql.threshold import Policy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

LARGEST = 1e6  # deviate: what was never seen is infinitely rare, and a score is finite
_UNIT = 2.326  # the normal deviate of the 99% quantile, which novelty is measured in


class Status(StrEnum):
    """Why a row has no score."""

    NO_TIME = "no time"
    NO_VALUE = "no value"
    TOO_SHORT = "too short"
    WARMING_UP = "warming up"
    # Of points that a model is asked about:
    UNKNOWN_SERIES = "unknown series"
    NOT_NEW = "not new"  # it has learned from this one, or from later ones
    TOO_FAR = "too far ahead"


@dataclass(frozen=True)
class Judged:
    """The verdicts on the n rows of a series, in the order they were given.

    Parameters
    ----------
    expected, lower, upper
        Shape (n,), NaN where nothing is expected.
    score, severity
        Shape (n,), NaN where there is a status.
    is_anomaly
        Shape (n,).
    status
        Shape (n,): a `Status` or None.
    asked
        Shape (n,): whether the row is among those to be judged.
    """

    expected: Floats
    lower: Floats
    upper: Floats
    score: Floats
    severity: Floats
    is_anomaly: NDArray[np.bool_]
    status: NDArray[np.object_]
    asked: NDArray[np.bool_]


def detect(
    times: NDArray[np.int64], known: NDArray[np.bool_], X: Floats, excluded: NDArray[np.bool_], options: SeriesOptions
) -> Judged:
    """Judge the rows of one series.

    Parameters
    ----------
    times
        Shape (n,), in any unit and order; rows of the same time are one point of the series, its mean.
    known
        Shape (n,): which rows have a time.
    X
        Values of shape (n, d), NaN where there is none.
    excluded
        Shape (n,): rows that teach nothing, such as past incidents; they are judged.
    options
        Checked options.

    Returns
    -------
    Judged
        A series that is too short or empty has a status and no scores; nothing is raised.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.random.default_rng(0).normal(size=(300, 1))
    >>> values[200] = 9.0
    >>> everything, nothing = np.ones(300, dtype=bool), np.zeros(300, dtype=bool)
    >>> judged = detect(np.arange(300), everything, values, nothing, SeriesOptions.parse(alert_budget=1))
    >>> np.flatnonzero(judged.is_anomaly).tolist()
    [200]
    """
    n = len(X)
    sampling = Sampling.of(times, known)
    status = np.full(n, None, dtype=object)
    # A row of several values counts as soon as one of them is there.
    status[~np.isfinite(X).any(axis=1)] = Status.NO_VALUE
    status[~known] = Status.NO_TIME
    asked = np.zeros(n, dtype=np.bool_)
    asked[sampling.rows if options.only_last_n is None else sampling.rows[-options.only_last_n :]] = True
    if options.only_last_n is None:
        asked[~known] = True
    taught = np.where(excluded[:, np.newaxis], np.nan, X)
    if options.algorithm is DECOMPOSITION:
        found = _decomposed(sampling, X[:, 0], taught[:, 0], options)
    else:
        found = _scored(sampling, taught, options)
    unknown = np.isnan(found.deviates) & (status == None)  # noqa: E711 - element by element
    enough = np.isfinite(taught[sampling.rows]).any(axis=1).sum() >= MIN_POINTS
    status[unknown] = Status.WARMING_UP if options.mode is Mode.CAUSAL and enough else Status.TOO_SHORT
    missing = status != None  # noqa: E711 - as above
    return verdict(found, X[:, 0], asked & ~missing, missing, status, asked, options)


@dataclass(frozen=True)
class _Found:
    """What an algorithm found out about the rows: signed normal deviates, its own scores, what it expected."""

    deviates: Floats
    scores: Floats
    expected: Floats
    bounds_of: Expected | None = None
    sampling: Sampling | None = None

    def bounds(self, deviate: float) -> tuple[Floats, Floats]:
        n = len(self.deviates)
        lower, upper = np.full(n, np.nan), np.full(n, np.nan)
        if self.bounds_of is not None and self.sampling is not None:
            low, high = self.bounds_of.bounds(deviate)
            lower[self.sampling.rows] = low[self.sampling.places]
            upper[self.sampling.rows] = high[self.sampling.places]
        return lower, upper


def _decomposed(sampling: Sampling, values: Floats, taught: Floats, options: SeriesOptions) -> _Found:
    n = len(values)
    result = decompose(sampling.spread(taught), options.periods, causal=options.mode is Mode.CAUSAL)
    expected, signed = np.full(n, np.nan), np.full(n, np.nan)
    expected[sampling.rows] = result.expected[sampling.places]
    signed[sampling.rows] = result.deviates(values[sampling.rows], sampling.places)
    scores = directed(signed, options.direction)
    return _Found(scores, scores, expected, result, sampling)


def directed(signed: Floats, direction: Direction) -> Floats:
    """Return signed deviates as scores: finite, and 0 on a side that is not looked at."""
    finite: Floats = np.clip(signed, -LARGEST, LARGEST)
    if direction is Direction.BOTH:
        return np.abs(finite)
    return np.maximum(finite if direction is Direction.UP else -finite, 0.0)


def _scored(sampling: Sampling, X: Floats, options: SeriesOptions) -> _Found:
    n = len(X)
    columns = [sampling.spread(column) for column in X.T]
    scores, deviates = np.full(n, np.nan), np.full(n, np.nan)
    if sum(np.isfinite(column).any() for column in columns) and sampling.n >= MIN_POINTS:
        if options.algorithm is ONLINE:
            raw = stream_novelty(columns[0], options.params["quiet"])
            rare = _UNIT * raw
        else:
            neighbours = options.params["n_neighbors"]
            if options.algorithm is CHANNELS:
                raw = channel_neighbours(np.column_stack(columns), neighbours, options.seed)
            else:
                period = options.periods[0] if options.periods else None
                raw = window_neighbours(columns[0], period, neighbours, options.seed)
            rare = np.maximum(Tails.fit(raw).deviates(raw), 0.0)
        scores[sampling.rows] = raw[sampling.places]
        deviates[sampling.rows] = np.minimum(rare, LARGEST)[sampling.places]
    return _Found(deviates, scores, np.full(n, np.nan))


class Findings(Protocol):
    """What an algorithm found out about rows: normal deviates, its own scores, what it expected, and bounds."""

    @property
    def deviates(self) -> Floats:
        """How rare each row is; NaN where nothing is known."""
        ...

    @property
    def scores(self) -> Floats:
        """The algorithm's own scale."""
        ...

    @property
    def expected(self) -> Floats:
        """The expected values; NaN where there are none."""
        ...

    def bounds(self, deviate: float) -> tuple[Floats, Floats]:
        """Return the bounds at a normal deviate; NaN where there are none."""
        ...


def verdict(
    found: Findings,
    values: Floats,
    judged: NDArray[np.bool_],
    missing: NDArray[np.bool_],
    status: NDArray[np.object_],
    asked: NDArray[np.bool_],
    options: SeriesOptions,
) -> Judged:
    """Return the verdicts on rows: `judged` ones have no status and are asked for, `missing` ones have one."""
    threshold = deviate_of(options.sensitivity)
    if options.policy.policy is not Policy.AUTOMATIC and judged.any():
        # At 0 nothing deviates, whatever share was asked for.
        threshold = max(options.policy.fit(found.deviates[judged], int(judged.sum()), lambda: np.zeros(1)), 0.0)
    lower, upper = found.bounds(threshold)
    lower = np.minimum(lower, found.expected - options.min_deviation)
    upper = np.maximum(upper, found.expected + options.min_deviation)
    strange = judged & (found.deviates > threshold)
    if options.min_deviation > 0.0:
        strange &= np.abs(values - found.expected) >= options.min_deviation
    if options.direction is Direction.UP:
        lower = np.full(len(values), np.nan)
    elif options.direction is Direction.DOWN:
        upper = np.full(len(values), np.nan)
    scores = np.where(missing, np.nan, found.scores)
    severity = upper_half_probability(np.where(missing, 0.0, found.deviates))
    return Judged(found.expected, lower, upper, scores, np.where(missing, np.nan, severity), strange, status, asked)
