"""One series in, a verdict on every row out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from adsql.kernels.columns import upper_half_probability
from adsql.series.algorithms import Mode
from adsql.series.bounds import deviate_of
from adsql.series.covariates import Covariates
from adsql.series.expectation import MIN_POINTS
from adsql.series.findings import Findings, findings
from adsql.series.holidays import Holidays
from adsql.series.horizon import expected_ahead, times_ahead
from adsql.series.options import Direction, SeriesOptions
from adsql.series.sampling import Sampling
from adsql.threshold import Policy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats
    from adsql.series.holidays import Calendar, Effects


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
    # Of points that are still to come:
    FORECAST = "forecast"


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


@dataclass(frozen=True)
class Detected(Judged):
    """Verdicts, and what they were made with.

    Parameters
    ----------
    algorithms
        The names of the algorithms that judged.
    algorithm
        Shape (n,): the place among them of the one whose verdict is the row's.
    season
        The seasons in points that values were expected by, ascending; None where none was sought.
    shares
        What each value has to do with the row's score, shape (n, d); None where the algorithm does not tell.
    later
        The times of the points forecast, which follow the rows: then n counts these, too.
    """

    algorithms: tuple[str, ...]
    algorithm: NDArray[np.int8]
    season: tuple[int, ...] | None
    shares: Floats | None
    later: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


def detect(
    times: NDArray[np.int64],
    known: NDArray[np.bool_],
    X: Floats,
    excluded: NDArray[np.bool_],
    options: SeriesOptions,
    calendar: Calendar | None = None,
    covariates: Floats | None = None,
) -> Detected:
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
    calendar
        When there are holidays, for an algorithm that expects values. What happens then teaches nothing about
        ordinary points.
    covariates
        What is known beside the values, of shape (n, c), for an algorithm that makes use of it; NaN where nothing is.

    Returns
    -------
    Detected
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
    holidays = Holidays.of(calendar, times, sampling) if calendar else None
    known_beside = None
    if covariates is not None:
        known_beside = Covariates(np.column_stack([sampling.spread(column) for column in covariates.T]))
    found = findings(sampling, X, taught, options, holidays, known_beside)
    if holidays is not None:
        taught = np.where(holidays.rows[:, np.newaxis], np.nan, taught)
    unknown = np.isnan(found.deviates) & (status == None)  # noqa: E711 - element by element
    enough = np.isfinite(taught[sampling.rows]).any(axis=1).sum() >= MIN_POINTS
    status[unknown] = Status.WARMING_UP if options.mode is Mode.CAUSAL and enough else Status.TOO_SHORT
    missing = status != None  # noqa: E711 - as above
    threshold = deviate_threshold(found, asked & ~missing, options)
    judged = verdict(found, X[:, 0], asked & ~missing, missing, status, asked, threshold, options)
    season = None if found.expectation is None else found.expectation.periods
    detected = Detected(
        **vars(judged), algorithms=found.algorithms, algorithm=found.algorithm, season=season, shares=found.shares
    )
    later = times_ahead(times, sampling, options.horizon)
    if not len(later):
        return detected
    return _continued(detected, later, sampling.spread(taught[:, 0]), threshold, options, found.effects)


def _continued(
    detected: Detected,
    later: NDArray[np.int64],
    values: Floats,
    threshold: float,
    options: SeriesOptions,
    effects: Effects | None,
) -> Detected:
    """Return the verdicts on the rows, and behind them what is expected of the points that follow."""
    if options.algorithm.forecast is None:
        return detected
    # What causal results go by was found in earlier points than a forecast may use.
    periods = options.periods if options.mode is Mode.CAUSAL else detected.season
    kept = options.algorithm.forecast(values, periods)
    expected, lower, upper = _limited(*expected_ahead(kept, later, threshold, effects), options)
    unknown = Status.TOO_SHORT if kept is None else Status.TOO_FAR
    nothing = np.full(len(later), np.nan)
    parts: dict[str, Any] = {
        "expected": expected, "lower": lower, "upper": upper, "score": nothing, "severity": nothing,
        "is_anomaly": np.zeros(len(later), np.bool_), "asked": np.ones(len(later), np.bool_),
        "status": np.where(np.isnan(expected), unknown, Status.FORECAST).astype(object),
        "algorithm": np.zeros(len(later), np.int8),
    }  # fmt: skip
    own: dict[str, Any] = {name: np.concatenate([getattr(detected, name), part]) for name, part in parts.items()}
    return replace(detected, later=later, **own)


def deviate_threshold(found: Findings, judged: NDArray[np.bool_], options: SeriesOptions) -> float:
    """Return the normal deviate beyond which a row is an anomaly; shares and numbers are of the `judged` rows."""
    threshold = deviate_of(options.sensitivity)
    if options.policy.policy is not Policy.AUTOMATIC and judged.any():
        # At 0 nothing deviates, whatever share was asked for.
        threshold = max(options.policy.fit(found.deviates[judged], int(judged.sum()), lambda: np.zeros(1)), 0.0)
    return threshold


def verdict(
    found: Findings,
    values: Floats,
    judged: NDArray[np.bool_],
    missing: NDArray[np.bool_],
    status: NDArray[np.object_],
    asked: NDArray[np.bool_],
    threshold: float,
    options: SeriesOptions,
) -> Judged:
    """Return the verdicts on rows: `judged` ones have no status and are asked for, `missing` ones have one."""
    expected, lower, upper = _limited(found.expected, *found.bounds(threshold), options)
    strange = judged & (found.deviates > threshold)
    if options.min_deviation > 0.0:
        strange &= np.abs(values - found.expected) >= options.min_deviation
    scores = np.where(missing, np.nan, found.scores)
    severity = upper_half_probability(np.where(missing, 0.0, found.deviates))
    return Judged(expected, lower, upper, scores, np.where(missing, np.nan, severity), strange, status, asked)


def _limited(expected: Floats, lower: Floats, upper: Floats, options: SeriesOptions) -> tuple[Floats, Floats, Floats]:
    """Return what is expected, and its bounds at the least deviation and on the sides that are asked for."""
    nothing = np.full(len(expected), np.nan)
    lower = nothing if options.direction is Direction.UP else np.minimum(lower, expected - options.min_deviation)
    upper = nothing if options.direction is Direction.DOWN else np.maximum(upper, expected + options.min_deviation)
    return expected, lower, upper
