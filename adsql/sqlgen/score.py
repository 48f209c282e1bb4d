"""The score of a row: in one expression of the source's columns, or in steps that build on each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from adsql import registry
from adsql.abilities import ToSql
from adsql.errors import NoSqlForm
from adsql.sqlgen.builder import SqlExpressions, column, double
from adsql.sqlgen.features import SqlFeatures, is_null
from adsql.sqlgen.segments import segment_conditions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from adsql.detector import Fitted
    from adsql.model import Model
    from adsql.segment import Segment
    from adsql.sqlgen.dialects import Dialect

_SEGMENT = "adsql_segment"


@dataclass(frozen=True)
class Steps:
    """Columns by name, each step in terms of those before it.

    Parameters
    ----------
    raw
        The columns that features are made from, and the number of the row's segment.
    features
        What the detector gets.
    score
        NULL where the row has none.
    """

    raw: Mapping[str, exp.Expr]
    features: Mapping[str, exp.Expr]
    score: exp.Expr


def steps(model: Model, dialect: Dialect, table: str) -> Steps:
    """Return a model's score in steps, so that no value is written twice.

    Raises
    ------
    NoSqlForm
        If the model cannot be written in that dialect.
    """
    written = SqlFeatures(dialect, table)
    segments = list(model.segments.values())
    names: dict[exp.Expr, str] = {}
    features: dict[str, list[tuple[int, exp.Expr]]] = {}
    scores = []
    for number, segment in enumerate(segments):
        raw, own = [], []
        for position, feature in enumerate(segment.features.features):
            source = column(names.setdefault(written.raw(feature), f"adsql_raw_{len(names)}"), None)
            name = f"adsql_feature_{position}"
            features.setdefault(name, []).append((number, written.value(feature, source)))
            raw.append(source)
            own.append(column(name, None))
        scores.append((number, _if_any(raw, detector_score(segment.detector, own, SqlExpressions(dialect)), dialect)))
    columns = {name: expression for expression, name in names.items()}
    if not model.segment_by:
        return Steps(columns, {name: value for name, [(_, value)] in features.items()}, scores[0][1])
    conditions = segment_conditions(model, dialect, table).values()
    columns[_SEGMENT] = _case((holds, _whole(number)) for number, holds in enumerate(conditions))

    def by_segment(parts: list[tuple[int, exp.Expr]]) -> exp.Expr:
        segment = column(_SEGMENT, None)
        return _case((exp.EQ(this=segment.copy(), expression=_whole(number)), part) for number, part in parts)

    return Steps(columns, {name: by_segment(parts) for name, parts in features.items()}, by_segment(scores))


def score(model: Model, dialect: Dialect, table: str | None) -> exp.Expr:
    """Return a model's score in one expression; NULL where the row has none.

    Raises
    ------
    NoSqlForm
        If the model cannot be written in that dialect.
    """
    written = SqlFeatures(dialect, table)

    def of(segment: Segment) -> exp.Expr:
        used = segment.features.features
        raw = [written.raw(feature) for feature in used]
        values = [written.value(feature, source) for feature, source in zip(used, raw, strict=True)]
        return _if_any(raw, detector_score(segment.detector, values, SqlExpressions(dialect)), dialect)

    if not model.segment_by:
        return of(model.segments[""])
    conditions = segment_conditions(model, dialect, table)
    return _case((conditions[key], of(segment)) for key, segment in model.segments.items())


def threshold(model: Model, dialect: Dialect, table: str | None) -> exp.Expr:
    """Return the threshold of a row's segment."""
    sql = SqlExpressions(dialect)
    if not model.segment_by:
        return sql.number(model.segments[""].threshold)
    conditions = segment_conditions(model, dialect, table)
    return _case((conditions[key], sql.number(segment.threshold)) for key, segment in model.segments.items())


def detector_score(detector: Fitted, features: list[exp.Expr], sql: SqlExpressions) -> exp.Expr:
    """Return a detector's score in terms of its features.

    Raises
    ------
    NoSqlForm
        If the detector is no formula, or too large a one.
    """
    if not isinstance(detector, ToSql):
        raise NoSqlForm(
            f"{detector.spec.name} has no SQL form: its score is no formula that a database could plan",
            allowed=[name for name, cls in registry.detectors().items() if issubclass(cls, ToSql)],
            hint="train one of these, or score with anomaly_score",
        )
    try:
        return detector.expression(features, sql)
    except RecursionError:
        raise too_deep() from None


def too_deep() -> NoSqlForm:
    """Return the error for trees that nobody trains: a forged model's."""
    return NoSqlForm("the model's formula is nested too deeply to be written", hint="train another model")


def _if_any(raw: Iterable[exp.Expr], score: exp.Expr, dialect: Dialect) -> exp.Expr:
    """Return the score, or NULL if everything it is made from is missing."""
    if dialect.exact_literals:
        score = double(score)  # a formula of literals alone would be a decimal
    return _case([(exp.or_(*(exp.not_(is_null(source)) for source in dict.fromkeys(raw))), score)])


def _case(branches: Iterable[tuple[exp.Expr, exp.Expr]]) -> exp.Expr:
    return exp.Case(ifs=[exp.If(this=condition, true=value) for condition, value in branches])


def _whole(number: int) -> exp.Expr:
    return exp.Literal.number(number)
