"""Scores of a table by a detector that can only rank the rows it is given: nothing is left to score others with.

Rows become features, and scores become severities and verdicts, as in training a model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.arrow import taken
from adsql.calibration import Calibration
from adsql.detector import MAX_SECONDS
from adsql.errors import ColumnError, InvalidOption, TooFewRows, TooManyRows, UnknownColumn, empty_source
from adsql.features import FeatureSpec
from adsql.linear_algebra import on_one_thread
from adsql.model import MAX_SEGMENTS, MIN_ROWS
from adsql.registry import detectors, is_ranker
from adsql.segment import Scale, Scores
from adsql.segment_keys import existing_column, segment_rows
from adsql.threshold import clean_rows
from adsql.wording import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adsql.arrow import Columns, Floats
    from adsql.detector import Params, Ranker
    from adsql.options import TrainingOptions

MAX_ROWS = 100_000  # of all segments together: the table is in memory
# Clean rows that the automatic threshold is measured on. Scores depend on how many rows are ranked together, so
# they come in tables as large as the source, up to the first number, and as many of them as the second allows.
_CLEAN_TABLE = 1_000
_CLEAN_ROWS = 4_000
_CLEAN_TABLES = 8


def rank(table: Columns, options: TrainingOptions, n_rows: int | None = None) -> Scores:
    """Rank the rows of a table, or those of each segment.

    Parameters
    ----------
    table
        Columns by name, n rows.
    options
        Checked options, with a detector that ranks.
    n_rows
        Rows of the source, if the table was cut off after more than can be ranked.

    Returns
    -------
    Scores
        Of the n rows, in their order. Rows without any value have no score, nor have those of a segment that is too
        small or has no usable column.

    Raises
    ------
    EmptySource, TooFewRows, TooManyRows
        If there is nothing to compare, or too much.
    ColumnError
        If columns are unknown or unusable.
    InvalidOption
        If there are too many segments, or the detector is one to train.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from adsql.options import TrainingOptions
    >>> table = {"x": pa.array(np.append(np.random.default_rng(0).normal(size=99), 50.0))}
    >>> rank(table, TrainingOptions.parse("cof")).is_anomaly.nonzero()[0].tolist()
    [99]
    """
    algorithm = options.algorithm
    if not is_ranker(algorithm):
        raise InvalidOption(
            f"{algorithm.spec.name} is trained and then scores any row",
            allowed=(name for name, cls in detectors().items() if is_ranker(cls)),
            hint="use Model.fit",
        )
    n = len(next(iter(table.values()), ()))
    if n == 0:
        raise empty_source()
    if n < MIN_ROWS:
        raise TooFewRows(f"the source has {n} row", allowed=f"at least {MIN_ROWS} rows")
    if options.alert_cap is not None:
        options.alert_cap.within(table)
    total = n if n_rows is None else n_rows
    skip = [existing_column(name, table) for name in options.segment_by]
    columns = len(options.columns or table) - (0 if options.columns else len(skip))
    if not skip:
        algorithm.spec.check_size(total, columns)
        return _ranked_segment(table, options, algorithm, skip)
    segments = _segments(table, skip)
    _check_segments([len(rows) for rows in segments], total, columns, algorithm)
    result = Scores.none(n)
    error: ColumnError | TooFewRows | None = None
    for rows in segments:
        part = taken(table, rows)
        try:
            result.put(rows, _ranked_segment(part, options, algorithm, skip))
        except (ColumnError, TooFewRows) as caught:
            if isinstance(caught, UnknownColumn):
                raise
            error = caught
    if error is not None and not result.present.any():
        raise error
    return result


def _segments(table: Columns, segment_by: Sequence[str]) -> list[NDArray[np.int64]]:
    segments = list(segment_rows(table, segment_by).values())
    if len(segments) > MAX_SEGMENTS:
        raise InvalidOption(
            f"segment_by {listing(segment_by)} makes {len(segments)} segments",
            allowed=f"at most {MAX_SEGMENTS}",
            hint="choose a coarser column",
        )
    return segments


def _check_segments(sizes: Sequence[int], total: int, d: int, algorithm: type[Ranker]) -> None:
    """Refuse segments that take too long one by one or together, before anything quadratic starts."""
    spec = algorithm.spec
    for size in sizes:
        spec.check_size(size, d)
    seconds = sum(spec.effort.seconds_for(size, d) for size in sizes) if spec.effort is not None else 0.0
    if total > MAX_ROWS or seconds > MAX_SECONDS:
        raise TooManyRows(
            f"{spec.name} compares all rows of a segment with each other: {total} rows in {len(sizes)} segments "
            f"would take about {seconds:.0f} seconds",
            allowed=f"at most {MAX_ROWS} rows in all, and an estimate of {MAX_SECONDS:.0f} seconds",
            hint=f"rank fewer segments or a sample, or use {spec.instead!r}, which resembles it and scores row by row",
        )


@on_one_thread
def _ranked_segment(table: Columns, options: TrainingOptions, algorithm: type[Ranker], skip: Sequence[str]) -> Scores:
    n = len(next(iter(table.values())))
    if n < MIN_ROWS:
        raise TooFewRows(f"the segment has {n} row", allowed=f"at least {MIN_ROWS} rows")
    features = FeatureSpec.fit(table, options.columns, n, skip)
    X, present = features.transform(features.select(table))
    X = X[present]
    algorithm.spec.check_size(*X.shape)  # text and times become more features than they are columns
    scores = _ranked(algorithm, X, options.params, options.seed)

    def clean_scores() -> Floats:
        clean = clean_rows(X, options.seed)
        size = min(max(len(X), MIN_ROWS), _CLEAN_TABLE)
        tables = range(min(_CLEAN_ROWS // size, _CLEAN_TABLES))
        return np.concatenate(
            [_ranked(algorithm, clean[i * size : (i + 1) * size], options.params, options.seed) for i in tables]
        )

    threshold = options.policy.fit(scores, n, clean_scores)
    result = Scores.none(n)
    scale = Scale(threshold, Calibration.fit(scores))
    result.put(np.flatnonzero(present), Scores(scores, np.ones(len(X), dtype=np.bool_), [(None, scale)]))
    return result


def _ranked(algorithm: type[Ranker], X: Floats, params: Params, seed: int) -> Floats:
    """Return the scores of rows in any order; equal rows have equal scores, which ties are broken for at random."""
    if len(X) < MIN_ROWS:
        return np.zeros(len(X))
    order = np.lexsort(X.T[::-1])
    ordered = np.ascontiguousarray(X[order])
    scores = algorithm.rank(ordered, params, seed)
    differs = (ordered[1:] != ordered[:-1]).any(axis=1)
    group = np.concatenate([[0], np.cumsum(differs)])
    means = np.bincount(group, scores) / np.bincount(group)
    result = np.empty(len(X))
    result[order] = means[group]
    return result
