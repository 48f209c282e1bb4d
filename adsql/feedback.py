"""What people said of rows, and what a model makes of it.

A verdict is 'anomaly' or 'normal', on a row that is kept with it as JSON. A model learns from verdicts as from a
training that knows more: it is trained again without the rows that were confirmed as anomalies, its scores are changed
(`adsql.reranked`), and its threshold is moved to where the verdicts' F1 is the best.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from adsql import registry
from adsql.arrow import taken
from adsql.errors import EmptySource, InvalidOption
from adsql.evaluation import Outcomes, evaluate
from adsql.json_rows import json_columns
from adsql.labels import label_values
from adsql.linear_algebra import on_one_thread
from adsql.model import Model
from adsql.options import TrainingOptions
from adsql.reranked import Reranked, Verdicts
from adsql.segment_keys import existing_column, segment_keys
from adsql.wording import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from adsql.arrow import Columns, Floats

ANOMALY, NORMAL = "anomaly", "normal"
MAX_VERDICTS = 1_000  # the newest of a model: learning takes the cube of their number
_FOLDS = 5


class Verdict(NamedTuple):
    """What somebody said of a row, which is JSON."""

    row: str
    is_anomaly: bool


class Effect(NamedTuple):
    """A figure before and after a model has learned; None where there is none."""

    metric: str
    before: float | None
    after: float | None


def verdict_of(row: object, said: object) -> Verdict:
    """Return a verdict that a caller gave.

    Raises
    ------
    InvalidOption
        If it is neither 'anomaly' nor 'normal', or the row is NULL.

    Examples
    --------
    >>> verdict_of('{"fare": 950}', "normal").is_anomaly
    False
    """
    if said not in (ANOMALY, NORMAL):
        raise InvalidOption(f"verdict = {shown(said)} cannot be used", allowed=f"{ANOMALY!r} or {NORMAL!r}")
    if not isinstance(row, str):
        raise InvalidOption("the row of a verdict is NULL", allowed="the row of the table that the verdict is on")
    return Verdict(row, said == ANOMALY)


def check_row(model: Model, verdict: Verdict) -> None:
    """Raise what scoring the verdict's row raises: one that does not fit the model teaches it nothing."""
    model.score(json_columns(model, verdict.row))


def learned(
    model: Model, table: Columns, verdicts: Sequence[Verdict], n_rows: Mapping[str, int] | None = None
) -> Model:
    """Return a model that has learned from verdicts.

    Parameters
    ----------
    model
        The model that the verdicts are on. It keeps its algorithm, parameters, columns, segments and seed.
    table
        The rows to train on, or a sample of them, columns by name.
    verdicts
        At least one.
    n_rows
        Rows of each whole segment by key, if `table` is a sample.

    Raises
    ------
    EmptySource
        If there are no verdicts on rows that the model can score.
    TooFewRows, ColumnError
        If the rows cannot be trained on.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from adsql.options import TrainingOptions
    >>> table = {"x": pa.array([*np.linspace(0.0, 1.0, 500), 9.0])}
    >>> model = Model.fit(table, TrainingOptions.parse("mad"))
    >>> after = learned(model, table, [Verdict('{"x": 9.0}', is_anomaly=False)])
    >>> [one.score({"x": pa.array([9.0])}).is_anomaly.tolist() for one in (model, after)]
    [[True], [False]]
    """
    lesson = _Lesson.of(model, table, verdicts, n_rows)
    return lesson.learned()


def preview(
    model: Model, table: Columns, verdicts: Sequence[Verdict], n_rows: Mapping[str, int] | None = None
) -> list[Effect]:
    """Return what `learned` would change; its arguments and errors.

    Of the average precision on the verdicts, the one after learning is cross-validated: each verdict is ranked by a
    model that learned from the others.
    """
    lesson = _Lesson.of(model, table, verdicts, n_rows)
    after = lesson.learned()
    is_anomaly = np.array([verdict.is_anomaly for verdict in lesson.used])
    said = [_judged(one, lesson.used) for one in (model, after)]
    ranked = [said[0], Outcomes(lesson.cross_validated(), said[1].is_anomaly)]
    before, then = (one.threshold for one in (model, after))
    return [
        Effect("verdicts", None, float(len(is_anomaly))),
        Effect("confirmed_anomalies", None, float(is_anomaly.sum())),
        Effect("left_out_of_training", None, float(lesson.left_out)),
        Effect("threshold", before, then),
        Effect("flagged", *(_flagged(one, table, lesson.fresh, n_rows) for one in (model, after))),
        Effect("false_alarms", *(float((one.is_anomaly & ~is_anomaly).sum()) for one in said)),
        Effect("missed_anomalies", *(float((~one.is_anomaly & is_anomaly).sum()) for one in said)),
        Effect("average_precision", *(_average_precision(one, is_anomaly) for one in ranked)),
    ]


@dataclass(frozen=True)
class _Lesson:
    """A model trained again, and the verdicts in terms of its features.

    Parameters
    ----------
    fresh
        Trained without the confirmed anomalies; it has not learned from verdicts yet.
    table
        The rows that it was trained on.
    used
        The verdicts on rows that it can score.
    keys, rows
        Of these, the segment and the features.
    left_out
        How many rows of the table were confirmed as anomalies.
    """

    fresh: Model
    table: Columns
    used: Sequence[Verdict]
    keys: Sequence[str]
    rows: Sequence[Floats]
    left_out: int

    @classmethod
    def of(cls, model: Model, table: Columns, verdicts: Sequence[Verdict], n_rows: Mapping[str, int] | None) -> _Lesson:
        if not verdicts:
            raise EmptySource("there are no verdicts on the model", hint="SELECT give_feedback(model, row, 'normal')")
        confirmed = _confirmed(model, table, [verdict for verdict in verdicts if verdict.is_anomaly])
        kept = taken(table, np.flatnonzero(~confirmed))
        skip = len(model.segment_by)
        options = TrainingOptions(
            registry.row_wise(registry.find(model.algorithm)), dict(model.params), model.positional_columns[skip:],
            model.segment_by, model.policy, model.seed, model.label_column, model.segment_shrinkage,
        )  # fmt: skip
        # The cap is not of the training: a table to learn from may do without the column of the days.
        fresh = replace(Model.fit(kept, options, n_rows), alert_cap=model.alert_cap)
        used, keys, rows = [], [], []
        for verdict in verdicts:
            key, row = _features(fresh, verdict)
            if row is not None:
                used.append(verdict)
                keys.append(key)
                rows.append(row)
        if not used:
            raise EmptySource(
                f"none of {len(verdicts)} verdicts is on a row that the model can score",
                hint="their rows have no value in the model's columns, or are of segments that have no model",
            )
        return cls(fresh, _normal(fresh, kept), used, keys, rows, int(confirmed.sum()))

    def learned(self) -> Model:
        segments = dict(self.fresh.segments)
        for key, part in self._parts().items():
            verdicts, _ = self._verdicts(key)
            segments[key] = segments[key].reranked(part, verdicts)
        return replace(self.fresh, segments=segments)

    @on_one_thread
    def cross_validated(self) -> Floats:
        """Return log odds of each verdict by a model that has learned from the others, four fifths of them at once."""
        result = np.full(len(self.used), np.nan)
        fold = _folds(np.array([verdict.is_anomaly for verdict in self.used]))
        for key, part in self._parts().items():
            segment = self.fresh.segments[key]
            X, _ = segment.features.transform(segment.features.select(part))
            verdicts, places = self._verdicts(key)
            for number in np.unique(fold[places]):
                asked = fold[places] == number
                learned = Reranked.fit(segment.detector, X, verdicts.taken(~asked), segment.threshold)
                result[places[asked]] = learned.log_odds(np.asfortranarray(verdicts.X[asked]))
        return result

    def _parts(self) -> dict[str, Columns]:
        """Return the rows of each segment that has verdicts."""
        wanted = set(self.keys)
        keys = {id(segment): key for key, segment in self.fresh.segments.items()}
        parts = ((keys[id(segment)], columns) for _, segment, columns in self.fresh.parts(self.table))
        return {key: columns for key, columns in parts if key in wanted}

    def _verdicts(self, key: str) -> tuple[Verdicts, NDArray[np.intp]]:
        places = np.flatnonzero([own == key for own in self.keys])
        rows = np.vstack([self.rows[place] for place in places.tolist()])
        return Verdicts(rows, np.array([self.used[place].is_anomaly for place in places.tolist()])), places


def _features(model: Model, verdict: Verdict) -> tuple[str, Floats | None]:
    """Return the segment and the features of a verdict's row; None if the model cannot score it."""
    table = json_columns(model, verdict.row)
    key = str(segment_keys(table, model.segment_by)[0]) if model.segment_by else ""
    for _, segment, columns in model.parts(table):
        X, present = segment.features.transform(columns)
        if present[0]:
            return key, X
    return key, None


def _confirmed(model: Model, table: Columns, confirmed: Sequence[Verdict]) -> NDArray[np.bool_]:
    """Return which rows equal one that was confirmed as an anomaly, in all columns that the model uses."""
    found = {
        (key, row.tobytes()) for key, row in (_features(model, verdict) for verdict in confirmed) if row is not None
    }
    result = np.zeros(len(next(iter(table.values()), ())), dtype=np.bool_)
    if not found:
        return result
    keys = {id(segment): key for key, segment in model.segments.items()}
    for rows, segment, columns in model.parts(table):
        X, _ = segment.features.transform(columns)
        equal = [(keys[id(segment)], row.tobytes()) in found for row in np.ascontiguousarray(X)]
        result[slice(None) if rows is None else rows] = equal
    return result


def _normal(model: Model, table: Columns) -> Columns:
    """Return the rows that are not labelled as anomalies: those that a detector was fitted to."""
    if model.label_column is None:
        return table
    name = existing_column(model.label_column, table, "label_column")
    return taken(table, np.flatnonzero(label_values(name, table[name]) != 1.0))


def _judged(model: Model, verdicts: Sequence[Verdict]) -> Outcomes:
    """Return what a model says of the rows that verdicts are on."""
    found = [model.score(json_columns(model, verdict.row)) for verdict in verdicts]
    score = [(one.severity if model.segment_by else one.anomaly_score)[0] for one in found]
    return Outcomes(np.array(score), np.array([one.is_anomaly[0] for one in found]))


def _flagged(model: Model, table: Columns, fresh: Model, n_rows: Mapping[str, int] | None) -> float:
    """Return about how many rows of the source are flagged: exactly, if the table is all of it."""
    flagged = model.score(table).is_anomaly
    if n_rows is None:
        return float(flagged.sum())
    keys = segment_keys(table, fresh.segment_by).to_numpy(zero_copy_only=False)
    return float(round(sum(flagged[keys == key].mean() * n_rows[key] for key in np.unique(keys))))


def _average_precision(found: Outcomes, is_anomaly: NDArray[np.bool_]) -> float | None:
    if is_anomaly.all() or not is_anomaly.any():
        return None
    figures = {metric.metric: metric.value for metric in evaluate(found, is_anomaly.astype(np.float64))}
    return figures["average_precision"]


def _folds(is_anomaly: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the fold of each verdict, with as many anomalies and normal rows in each as can be."""
    fold = np.empty(len(is_anomaly), dtype=np.intp)
    for kind in (True, False):
        fold[is_anomaly == kind] = np.arange(int((is_anomaly == kind).sum())) % _FOLDS
    return fold
