"""What algorithms find out about the rows of one series, from the places that the rows have in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from adsql.series.algorithms import DECOMPOSITION, Mode, SeriesAlgorithm, Task
from adsql.series.expectation import MIN_POINTS, Expected
from adsql.series.holidays import as_ordinary, on_holidays
from adsql.series.options import Direction, SeriesOptions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats
    from adsql.series.covariates import Covariates
    from adsql.series.holidays import Effects, Holidays
    from adsql.series.sampling import Sampling

LARGEST = 1e6  # deviate: what was never seen is infinitely rare, and a score is finite
_SPIKE = 3.29  # deviates: one value in a thousand
_LONGEST_SPIKE = 3  # values
_DOUBTED = 3.0  # deviates: rarer stretches are looked at without spikes, too


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


@dataclass(frozen=True)
class Found:
    """What algorithms found out about the n rows of a series; arrays of shape (n,), NaN where nothing is known.

    Parameters
    ----------
    deviates
        How rare a row is, as a normal deviate of at least 0.
    scores
        On the algorithm's own scale.
    expected
        The expected values.
    algorithms
        Names of the algorithms.
    algorithm
        The place among them of the one whose verdict is the row's.
    expectation, sampling
        What bounds are made from, if there are any.
    shares
        What each value has to do with the score, shape (n, d); None where the algorithm does not tell.
    effects
        What is known of holidays, if there are any.
    """

    deviates: Floats
    scores: Floats
    expected: Floats
    algorithms: tuple[str, ...]
    algorithm: NDArray[np.int8]
    expectation: Expected | None = None
    sampling: Sampling | None = None
    shares: Floats | None = None
    effects: Effects | None = None

    def bounds(self, deviate: float) -> tuple[Floats, Floats]:
        """Return the lower and upper bound at a normal deviate."""
        n = len(self.deviates)
        lower, upper = np.full(n, np.nan), np.full(n, np.nan)
        if self.expectation is not None and self.sampling is not None:
            low, high = self.expectation.bounds(deviate)
            lower, upper = self.sampling.of_rows(low, n), self.sampling.of_rows(high, n)
        return lower, upper


def findings(
    sampling: Sampling,
    X: Floats,
    taught: Floats,
    options: SeriesOptions,
    holidays: Holidays | None = None,
    covariates: Covariates | None = None,
) -> Found:
    """Return what the algorithm that was asked for finds out about rows.

    Parameters
    ----------
    sampling
        Where the rows belong.
    X
        Values of shape (n, d).
    taught
        The same without what is to teach nothing.
    options
        Checked options.
    holidays
        Which of the points are on holidays, for an algorithm that expects values.
    covariates
        What is known beside the values, for an algorithm that makes use of it.
    """
    chosen = options.algorithm
    asked = Task(options.params, options.mode, options.periods, options.seed, covariates)
    if chosen.expect is None:
        return _scored(sampling, taught, chosen, asked)
    if holidays is None:
        expectation = chosen.expect(sampling.spread(taught[:, 0]), asked)
        values = _deviations(sampling, X[:, 0], expectation, options)
        expected = values.expected
    else:
        every = sampling.spread(taught[:, 0])
        expectation = chosen.expect(holidays.without(every), asked)
        adjusted, effects = on_holidays(expectation, holidays, every, options.mode)
        values = replace(_deviations(sampling, X[:, 0], adjusted, options), effects=effects)
        expected = sampling.of_rows(expectation.expected, len(X))
        taught = holidays.likened(sampling, taught, as_ordinary(every, expectation, adjusted))
    beside = chosen.beside.get(options.mode)
    if beside is None:
        return values
    if expectation.explained is not None:
        explained = sampling.of_rows(expectation.explained, len(X))
        taught, expected = taught - explained[:, np.newaxis], expected - explained
    task = asked._replace(params=beside.spec.resolve({}), repeats=max(expectation.periods, default=None))
    stretches = _scored(sampling, taught, beside, task)
    if options.mode is Mode.CAUSAL:
        return _together(values, stretches, stretches.deviates)
    usual = _without_spikes(stretches, values, expected, sampling, taught, beside, task)
    return _together(values, stretches, usual)


def _deviations(sampling: Sampling, values: Floats, expectation: Expected, options: SeriesOptions) -> Found:
    n, chosen = len(values), options.algorithm
    expected, signed = sampling.of_rows(expectation.expected, n), np.full(n, np.nan)
    signed[sampling.rows] = expectation.deviates(values[sampling.rows], sampling.places)
    scores = directed(signed, options.direction)
    name = DECOMPOSITION.spec.name if chosen.beside else chosen.spec.name
    return Found(scores, scores, expected, (name,), np.zeros(n, np.int8), expectation, sampling)


def directed(signed: Floats, direction: Direction) -> Floats:
    """Return signed deviates as scores: finite, and 0 on a side that is not looked at."""
    finite: Floats = np.clip(signed, -LARGEST, LARGEST)
    if direction is Direction.BOTH:
        return np.abs(finite)
    return np.maximum(finite if direction is Direction.UP else -finite, 0.0)


def _scored(sampling: Sampling, X: Floats, algorithm: SeriesAlgorithm, task: Task) -> Found:
    n = len(X)
    columns = [sampling.spread(column) for column in X.T]
    scores, deviates = np.full(n, np.nan), np.full(n, np.nan)
    shares = None
    if any(np.isfinite(column).any() for column in columns) and sampling.n >= MIN_POINTS:
        raw, of_places = _run(algorithm, np.column_stack(columns), task)
        scores[sampling.rows] = raw[sampling.places]
        deviates[sampling.rows] = np.minimum(algorithm.rarity(raw), LARGEST)[sampling.places]
        if of_places is not None:
            shares = np.full(X.shape, np.nan)
            shares[sampling.rows] = of_places[sampling.places]
    name = (algorithm.spec.name,)
    return Found(deviates, scores, np.full(n, np.nan), name, np.zeros(n, np.int8), shares=shares)


def _run(algorithm: SeriesAlgorithm, X: Floats, task: Task) -> tuple[Floats, Floats | None]:
    if algorithm.shared is not None:
        return algorithm.shared(X, task)
    return np.zeros(len(X)) if algorithm.score is None else algorithm.score(X, task), None


def _without_spikes(
    stretches: Found,
    values: Found,
    expected: Floats,
    sampling: Sampling,
    taught: Floats,
    algorithm: SeriesAlgorithm,
    task: Task,
) -> Floats:
    """Return how rare stretches are, whatever the few values in them are like that are strange by themselves."""
    spikes = np.zeros(len(taught), dtype=np.bool_)
    spikes[sampling.rows] = short_runs(values.deviates[sampling.rows] > _SPIKE, _LONGEST_SPIKE)
    if not spikes.any() or not (stretches.deviates > _DOUBTED).any():
        return stretches.deviates
    usual = np.where(spikes[:, np.newaxis], expected[:, np.newaxis], taught)
    return np.fmin(stretches.deviates, _scored(sampling, usual, algorithm, task).deviates)


def short_runs(marks: NDArray[np.bool_], most: int) -> NDArray[np.bool_]:
    """Return the marks that are in runs of at most so many; shape (n,).

    >>> short_runs(np.array([True, False, True, True, True]), 2).tolist()
    [True, False, False, False, False]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marks, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    short = ends - starts <= most
    steps = np.zeros(len(marks) + 1, dtype=np.int64)
    steps[starts[short]] += 1
    steps[ends[short]] -= 1
    return steps.cumsum()[:-1] > 0


def _together(values: Found, stretches: Found, rarity: Floats) -> Found:
    """Return both verdicts as one: the rarer counts.

    Scores are added, and of the value's deviation it is the order of magnitude: where errors have long tails, values
    that are many deviates off are many, and a stretch that is hardly less rare is told by far more points.
    """
    rarity = np.where(np.isnan(rarity), 0.0, rarity)
    rarer = rarity > values.deviates
    return replace(
        values,
        deviates=np.where(rarer, rarity, values.deviates),
        scores=np.nan_to_num(stretches.deviates) + np.log1p(values.deviates) / 4.0,
        algorithms=values.algorithms + stretches.algorithms,
        algorithm=rarer.astype(np.int8),
    )
