"""What can be told of detectors without labels: whether they say the same again, and whether they agree.

This is not accuracy. Detectors that agree may be wrong together, and one that is stable may be stably wrong; but what
changes with the seed or with half of the rows cannot be relied on, and where detectors differ, labels are worth most.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from adsql import registry
from adsql.arrow import taken
from adsql.errors import InvalidOption, TooFewRows, empty_source
from adsql.model import Model
from adsql.options import TrainingOptions
from adsql.ranks import mid_ranks
from adsql.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from adsql.arrow import Columns, Floats

MAX_ROWS = 5_000  # of a source, drawn at random: ten models are fitted to them
RUNS = 5
MIN_ROWS = 20
MAX_ALGORITHMS = 12
# Unlike each other: distances, trees, columns one by one, an ellipse, densities.
DIFFERENT = ("auto", "iforest", "hbos", "mcd", "lof")
_TOP = 100  # the highest hundredth of the scores are compared


class Stability(NamedTuple):
    """How alike the results of models are that differ in one respect.

    Parameters
    ----------
    varied
        'seed', or 'rows' for models of different halves of the rows.
    metric
        'rank_correlation' of all scores, 'top_overlap' of the highest 1%, 'flagged_overlap' of the flagged rows.
    value, lowest, highest
        The mean over all pairs of models, and the range; None where no pair has one.
    """

    varied: str
    metric: str
    value: float | None
    lowest: float | None
    highest: float | None


class Agreement(NamedTuple):
    """How alike the results of two detectors are.

    Parameters
    ----------
    algorithm, other
        The detectors.
    rank_correlation, top_overlap, flagged_overlap
        As in `Stability`.
    flagged, flagged_by_other, flagged_by_both
        Numbers of rows.
    """

    algorithm: str
    other: str
    rank_correlation: float | None
    top_overlap: float | None
    flagged_overlap: float | None
    flagged: int
    flagged_by_other: int
    flagged_by_both: int


class _Said(NamedTuple):
    score: Floats
    is_anomaly: NDArray[np.bool_]


def asked_algorithms(algorithms: object) -> tuple[str, ...]:
    """Return the detectors to compare, from the list that a caller gave; five that are unlike where there is none.

    Raises
    ------
    InvalidOption
        If it is no list of different names, or of too many.
    UnknownAlgorithm, NotRowWise
        If there is no such detector that can be trained.

    Examples
    --------
    >>> asked_algorithms(["mad", "isolation_forest"])
    ('mad', 'iforest')
    """
    if algorithms is None:
        return DIFFERENT
    if not isinstance(algorithms, list | tuple) or not all(isinstance(name, str) for name in algorithms):
        raise InvalidOption(f"algorithms = {shown(algorithms)} cannot be used", allowed="a list of detectors' names")
    names = tuple(_options(algorithm=name).algorithm.spec.name for name in algorithms)
    if not 1 < len(set(names)) == len(names) <= MAX_ALGORITHMS:
        raise InvalidOption(
            f"algorithms = {shown(algorithms)} cannot be compared",
            allowed=f"from 2 to {MAX_ALGORITHMS} detectors, each once",
        )
    return names


def stability(
    table: Columns, algorithm: object = None, columns: object = None, params: object = None, seed: object = None
) -> list[Stability]:
    """Return how alike models of a table are that differ in their seed, or in the half of the rows they are fitted to.

    Ten models are fitted, and each scores all rows; all pairs of the five that differ in one respect are compared.

    Parameters
    ----------
    table
        Columns by name.
    algorithm, columns, params, seed
        As in `TrainingOptions.parse`.

    Raises
    ------
    OptionError, SourceError, ColumnError
        As `Model.fit`.

    Examples
    --------
    >>> import pyarrow as pa
    >>> table = {"x": pa.array(np.append(np.sin(np.arange(400.0)), 30.0))}
    >>> [(one.varied, one.metric, round(one.value, 2)) for one in stability(table, "mad")][:3]
    [('seed', 'rank_correlation', 1.0), ('seed', 'top_overlap', 1.0), ('seed', 'flagged_overlap', 1.0)]
    """
    asked = _options(algorithm=algorithm, columns=columns, params=params, seed=seed)
    n = _checked_rows(table)
    model = Model.fit(table, asked)
    used, only = model.positional_columns, model.segments[""]
    X, _ = only.features.transform(only.features.select(table))
    # Halves of the rows in an order of their own: engines are free in theirs.
    order = np.lexsort(X.T[::-1])
    seeds = [(asked.seed + run) % 2**32 for run in range(RUNS)]
    halves = [np.sort(order[np.random.default_rng(own).permutation(n)[: n // 2]]) for own in seeds]
    found = {
        "seed": [_said(table, table, asked, used, own) for own in seeds],
        "rows": [_said(taken(table, rows), table, asked, used, asked.seed) for rows in halves],
    }
    return [
        Stability(varied, metric, *_summary(_alike(metric, one, other) for one, other in combinations(said, 2)))
        for varied, said in found.items()
        for metric in _METRICS
    ]


def agreement(
    table: Columns, algorithms: Sequence[str] = DIFFERENT, columns: object = None, seed: object = None
) -> list[Agreement]:
    """Return how alike the results of detectors are, pair by pair.

    Parameters
    ----------
    table
        Columns by name.
    algorithms
        What `asked_algorithms` returns.
    columns, seed
        As in `TrainingOptions.parse`.

    Raises
    ------
    OptionError, SourceError, ColumnError
        As `Model.fit`.

    Examples
    --------
    >>> import pyarrow as pa
    >>> table = {"x": pa.array(np.append(np.sin(np.arange(400.0)), 30.0))}
    >>> [one] = agreement(table, ("mad", "zscore"))
    >>> one.flagged_by_both, one.flagged_overlap
    (1, 1.0)
    """
    _checked_rows(table)
    found = []
    for name in algorithms:
        asked = _options(algorithm=name, columns=columns, seed=seed)
        found.append(_said(table, table, asked, asked.columns, asked.seed))
    result = []
    for (name, own), (other_name, other) in combinations(zip(algorithms, found, strict=True), 2):
        ranks, top, flagged = (_alike(metric, own, other) for metric in _METRICS)
        counts = (int(one.sum()) for one in (own.is_anomaly, other.is_anomaly, own.is_anomaly & other.is_anomaly))
        result.append(Agreement(name, other_name, ranks, top, flagged, *counts))
    return result


_METRICS = ("rank_correlation", "top_overlap", "flagged_overlap")


def _options(**given: object) -> TrainingOptions:
    asked = TrainingOptions.parse(**given)
    registry.row_wise(asked.algorithm)
    return asked


def _checked_rows(table: Columns) -> int:
    n = len(next(iter(table.values()), ()))
    if not n:
        raise empty_source()
    if n < MIN_ROWS:
        raise TooFewRows(f"the source has {n} rows", allowed=f"at least {MIN_ROWS} rows, to compare halves of them")
    return n


def _said(table: Columns, every: Columns, asked: TrainingOptions, columns: Sequence[str] | None, seed: int) -> _Said:
    """Return what a model of a table says of all rows; those that it cannot score come last."""
    model = Model.fit(table, replace(asked, columns=None if columns is None else tuple(columns), seed=seed))
    scores = model.score(every)
    return _Said(np.where(scores.present, scores.anomaly_score, -np.inf), scores.is_anomaly)


def _alike(metric: str, one: _Said, other: _Said) -> float | None:
    if metric == "rank_correlation":
        return rank_correlation(one.score, other.score)
    if metric == "flagged_overlap":
        return _overlap(one.is_anomaly, other.is_anomaly)
    return _overlap(_top(one.score), _top(other.score))


def rank_correlation(a: Floats, b: Floats) -> float | None:
    """Return Spearman's correlation, with mid-ranks for ties; None if all values of one are equal.

    Examples
    --------
    >>> rank_correlation(np.array([1.0, 2.0, 9.0]), np.array([3.0, 4.0, 5.0]))
    1.0
    """
    deviations = [ranks - ranks.mean() for ranks in (mid_ranks(a), mid_ranks(b))]
    length = float(np.sqrt((deviations[0] ** 2).sum() * (deviations[1] ** 2).sum()))
    return float((deviations[0] * deviations[1]).sum() / length) if length > 0 else None


def _top(score: Floats) -> NDArray[np.bool_]:
    """Return the rows whose scores are among the highest hundredth; of those that tie for the last place, all."""
    count = max(1, len(score) // _TOP)
    result: NDArray[np.bool_] = score >= np.partition(score, len(score) - count)[len(score) - count]
    return result


def _overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float | None:
    """Return Jaccard's index: the share of rows in both among those in either; None if there are none."""
    either = int((one | other).sum())
    return float((one & other).sum() / either) if either else None


def _summary(values: Iterable[float | None]) -> tuple[float | None, float | None, float | None]:
    known = [value for value in values if value is not None]
    if not known:
        return None, None, None
    return float(np.mean(known)), min(known), max(known)
