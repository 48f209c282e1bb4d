"""How well models tell labelled anomalies from labelled normal rows, and what each threshold would flag.

Figures are those of scikit-learn. Rows are ranked by their score, those of a model with segments by their severity,
since only severities compare across segments. Rows whose label is not known, or that have no score, count for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from adsql.confidence import NO_INTERVAL, Interval, Placements, auc_interval, auc_p_value, f1_interval, wilson
from adsql.errors import EmptySource, InvalidOption
from adsql.labels import label_values
from adsql.segment_keys import existing_column
from adsql.wording import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adsql.arrow import Columns, Floats
    from adsql.model import Model


class Outcomes(NamedTuple):
    """What a model says about n rows.

    Parameters
    ----------
    score
        What ranks them; NaN where a row has none.
    is_anomaly
        The verdicts.
    """

    score: Floats
    is_anomaly: NDArray[np.bool_]


class Metric(NamedTuple):
    """A figure and its 95% confidence interval; None where the rows do not tell it."""

    metric: str
    value: float | None
    lower: float | None
    upper: float | None


class Compared(NamedTuple):
    """A figure of one of several models on the same rows.

    Parameters
    ----------
    model
        Which one, by its place among those compared.
    metric, value, lower, upper
        As in `Metric`.
    rank
        1 for the best; equal ones share a rank.
    p_value
        For AUC-ROC: how likely the best model's lead over this one is chance (DeLong's paired test).
    """

    model: int
    metric: str
    value: float | None
    lower: float | None
    upper: float | None
    rank: int | None
    p_value: float | None


def asked_models(models: object, versions: object) -> list[tuple[str, int | None]]:
    """Return the models to compare, by name and version, from the lists that a caller gave.

    Raises
    ------
    InvalidOption
        If they are no lists of equal length, of names and of whole numbers or NULL.

    Examples
    --------
    >>> asked_models(["fares", "fares"], [1, None])
    [('fares', 1), ('fares', None)]
    """
    if not isinstance(models, list | tuple) or not models or not all(isinstance(name, str) for name in models):
        raise InvalidOption(f"models = {shown(models)} cannot be used", allowed="a list of models' names")
    if versions is None:
        return [(name, None) for name in models]
    if not isinstance(versions, list | tuple) or len(versions) != len(models):
        raise InvalidOption(
            f"versions = {shown(versions)} cannot be used",
            allowed=f"a list of {len(models)} numbers, one for each model",
        )
    return list(zip(models, versions, strict=True))


def outcomes(model: Model, table: Columns) -> Outcomes:
    """Return what a model says about rows given by column name.

    Raises
    ------
    MissingColumn, ColumnTypeChanged
        If the columns do not fit the model.
    """
    scores = model.score(table)
    ranked = scores.severity if model.segment_by else scores.anomaly_score
    return Outcomes(np.where(scores.present, ranked, np.nan), scores.is_anomaly)


def labels_of(table: Columns, label: object) -> Floats:
    """Return the labels of rows: 1.0 for anomalies, 0.0 for normal rows, NaN where it is not known.

    Raises
    ------
    InvalidOption, UnknownColumn, UnusableColumn
        If there is no such column, or it holds anything else.
    """
    if not isinstance(label, str) or not label:
        raise InvalidOption(f"label = {shown(label)} cannot be used", allowed="the name of a column")
    name = existing_column(label, table, "label")
    return label_values(name, table[name], "label")


def evaluate(found: Outcomes, labels: Floats, k: int | None = None) -> list[Metric]:
    """Return how well a model does on n labelled rows; O(n log n).

    Parameters
    ----------
    found
        What the model says.
    labels
        1.0 for anomalies, 0.0 for normal rows, NaN where it is not known.
    k
        For the precision of the k highest scores; as many as there are anomalies by default. Of rows that tie for
        the last places, the share of anomalies among them counts.

    Raises
    ------
    EmptySource
        If no row has both a label and a score.
    InvalidOption
        If k is no number of rows that there are.

    Examples
    --------
    >>> scores = np.array([0.1, 0.4, 0.35, 0.8])
    >>> metrics = evaluate(Outcomes(scores, scores > 0.5), np.array([0.0, 0.0, 1.0, 1.0]))
    >>> [(m.metric, m.value) for m in metrics[:3]]
    [('auc_roc', 0.75), ('average_precision', 0.8333333333333333), ('precision', 1.0)]
    """
    rows = _Labelled.of(found, labels, None)
    left_out = len(labels) - len(rows.is_anomaly)
    chosen = _checked_k(k, len(rows.is_anomaly), rows.anomalies)
    counted = {
        "k": chosen,
        "rows": len(rows.is_anomaly),
        "anomalies": rows.anomalies,
        "flagged": int(rows.flagged.sum()),
        "left_out": left_out,
    }
    counts = [Metric(name, None if count is None else float(count), None, None) for name, count in counted.items()]
    return [*rows.figures(chosen), *counts]


def compare(found: Sequence[Outcomes], labels: Floats, k: int | None = None) -> list[Compared]:
    """Return how well several models do on the rows that all of them score: figure by figure, the best model first.

    Figures and errors are those of `evaluate`.
    """
    scored = ~np.any([np.isnan(one.score) for one in found], axis=0)
    rows = [_Labelled.of(one, labels, scored) for one in found]
    chosen = _checked_k(k, len(rows[0].is_anomaly), rows[0].anomalies)
    figures = [one.figures(chosen) for one in rows]
    p_values = _p_values(rows)
    result = []
    for place, own in enumerate(figures):
        for number, metric in enumerate(own):
            rivals = [other[number].value for other in figures]
            p_value = p_values[place] if metric.metric == _AUC else None
            result.append(Compared(place, *metric, _rank(metric.value, rivals), p_value))
    places = {metric.metric: number for number, metric in enumerate(figures[0])}
    return sorted(result, key=lambda one: (places[one.metric], one.rank or len(figures), one.model))


_AUC = "auc_roc"


@dataclass(frozen=True)
class _Labelled:
    """The rows that have both a label and a score."""

    score: Floats
    flagged: NDArray[np.bool_]
    is_anomaly: NDArray[np.bool_]

    @classmethod
    def of(cls, found: Outcomes, labels: Floats, among: NDArray[np.bool_] | None) -> _Labelled:
        used = ~np.isnan(labels) & ~np.isnan(found.score) & (True if among is None else among)
        if not used.any():
            raise EmptySource(
                f"none of {len(labels)} rows has both a label and a score",
                hint="check that the label column is not NULL everywhere, and that the model fits the source",
            )
        return cls(found.score[used], found.is_anomaly[used], labels[used] == 1.0)

    @property
    def anomalies(self) -> int:
        return int(self.is_anomaly.sum())

    @property
    def has_both(self) -> bool:
        return 0 < self.anomalies < len(self.is_anomaly)

    @cached_property
    def placements(self) -> Placements:
        return Placements.of(self.score, self.is_anomaly)

    def figures(self, k: int | None) -> list[Metric]:
        hits = int((self.flagged & self.is_anomaly).sum())
        flagged, anomalies = int(self.flagged.sum()), self.anomalies
        either = flagged + anomalies - hits
        hits_by_rank, last = self._hits_by_rank()
        return [
            self._auc(),
            _metric("average_precision", self._average_precision(hits_by_rank, last), anomalies),
            _metric("precision", hits / flagged if flagged else None, flagged),
            _metric("recall", hits / anomalies if anomalies else None, anomalies),
            Metric("f1", 2.0 * hits / (flagged + anomalies), *f1_interval(hits, either - hits))
            if either
            else Metric("f1", None, *NO_INTERVAL),
            _metric("precision_at_k", None if k is None else _precision_at(k, hits_by_rank, last), k or 0),
        ]

    def _auc(self) -> Metric:
        if not self.has_both:
            return Metric(_AUC, None, *NO_INTERVAL)
        return Metric(_AUC, self.placements.auc, *auc_interval(self.placements))

    def _hits_by_rank(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return how many anomalies there are down to each score, and how many rows: ties are one score."""
        order = np.argsort(-self.score, kind="stable")
        ordered = self.score[order]
        last = np.flatnonzero(np.append(ordered[1:] < ordered[:-1], True))
        return np.cumsum(self.is_anomaly[order].astype(np.intp))[last], last + 1

    def _average_precision(self, hits: NDArray[np.intp], rows: NDArray[np.intp]) -> float | None:
        if not self.anomalies:
            return None
        return float((np.diff(hits, prepend=0) * (hits / rows)).sum() / self.anomalies)


def _precision_at(k: int, hits: NDArray[np.intp], rows: NDArray[np.intp]) -> float:
    tie = int(np.searchsorted(rows, k))
    before_hits, before_rows = (int(hits[tie - 1]), int(rows[tie - 1])) if tie else (0, 0)
    share = (int(hits[tie]) - before_hits) / (int(rows[tie]) - before_rows)
    return (before_hits + (k - before_rows) * share) / k


def _metric(name: str, value: float | None, n: int) -> Metric:
    interval: Interval = NO_INTERVAL if value is None else wilson(value, n)
    return Metric(name, value, *interval)


def _checked_k(k: object, rows: int, anomalies: int) -> int | None:
    if k is None:
        return anomalies or None
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= rows:
        raise InvalidOption(
            f"k = {shown(k)} cannot be used",
            allowed=f"a whole number from 1 to {rows}, the rows that have both a label and a score",
        )
    return k


def _rank(value: float | None, rivals: Sequence[float | None]) -> int | None:
    return None if value is None else 1 + sum(rival > value for rival in rivals if rival is not None)


def _p_values(rows: Sequence[_Labelled]) -> list[float | None]:
    """Return DeLong's test of each model against the best."""
    if not rows[0].has_both:
        return [None] * len(rows)
    placements = [one.placements for one in rows]
    best = max(placements, key=lambda one: one.auc)
    return [auc_p_value(best, one) for one in placements]
