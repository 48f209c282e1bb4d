"""A model as formulas of typed arguments, for functions that a PostgreSQL database keeps.

A formula is one expression, which the server's planner puts in place of a call, and in which it evaluates whatever is
written twice two times. So it has two halves: a short one for rows whose numbers are all there and within the bounds
in which nothing is clipped, and `score_expression` for the others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from sqlglot import exp

from adsql.abilities import Rescales
from adsql.arrow import LARGEST, Kind
from adsql.errors import NoSqlForm
from adsql.features import LIMIT
from adsql.segment_keys import key_values
from adsql.sqlgen.builder import SqlExpressions, column, double, multiplied
from adsql.sqlgen.dialects import dialect_named
from adsql.sqlgen.features import SqlFeatures
from adsql.sqlgen.score import detector_score, score, threshold
from adsql.sqlgen.segments import segment_conditions
from adsql.sqlgen.statement import written
from adsql.sqlgen.underflow import FlushingSparingly

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adsql.detector import Fitted
    from adsql.encodings import Feature
    from adsql.model import Model
    from adsql.segment import Segment
    from adsql.sqlgen.dialects import Dialect

MAX_ARGUMENTS = 100  # PostgreSQL's, unless it was built otherwise
# Timestamps are what they are in UTC. Of `timestamptz`, a column without a zone would be read in the session's.
_TYPES: dict[str, str] = {
    Kind.NUMBER: "double precision", Kind.TEXT: "text", Kind.TIMESTAMP: "timestamp without time zone",
    Kind.DATE: "date", Kind.TIME: "time without time zone", "boolean": "boolean",
}  # fmt: skip
_WHOLE = 2**53  # from it on a double precision skips whole numbers
_TINY = 2.0**-60  # scales: moves a value by less than its last bit counts
_FLUSHABLE = 1e-10  # the smallest scale on which what is flushed to zero is next to nothing
_TYPICAL = 1e4  # scales: few rows are farther from the centre


@dataclass(frozen=True)
class Formula:
    """A model's score and threshold as SQL.

    Parameters
    ----------
    arguments
        Names and types of the model's columns, in the order in which features are passed by position.
    score, threshold
        Expressions of `$1`, `$2`, ...
    """

    arguments: tuple[tuple[str, str], ...]
    score: str
    threshold: str


def formula(model: Model) -> Formula:
    """Return a model as formulas for PostgreSQL.

    Parameters
    ----------
    model
        A trained model.

    Raises
    ------
    NoSqlForm
        If the model cannot be written so.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from adsql.model import Model
    >>> from adsql.options import TrainingOptions
    >>> model = Model.fit({"fare": pa.array([1.0, 2.0, 3.0, 4.0])}, TrainingOptions.parse("iqr", threshold=2))
    >>> formula(model).arguments, formula(model).threshold
    ((('fare', 'double precision'),), '2.0e0')
    """
    names = model.positional_columns
    if len(names) > MAX_ARGUMENTS:
        raise NoSqlForm(
            f"the model has {len(names)} columns, which no function of PostgreSQL takes",
            allowed=f"up to {MAX_ARGUMENTS}",
            hint="train on fewer columns, or use model_sql",
        )
    dialect = replace(dialect_named("postgres"), casts_booleans=True, subscripts_arrays=True)  # arguments have types
    places = {name: number for number, name in enumerate(names, 1)}

    def numbered(expression: exp.Expr) -> str:
        return written(expression.transform(lambda node: _argument(node, places), copy=False), dialect)

    sql = numbered(_score(model, dialect))
    return Formula(_arguments(model), sql, numbered(threshold(model, dialect, None)))


def _argument(node: exp.Expr, places: Mapping[str, int]) -> exp.Expr:
    """Return a column as the argument that stands for it: by number, since not every name can be an argument's."""
    return exp.Parameter(this=exp.Literal.number(places[node.name])) if isinstance(node, exp.Column) else node


def _arguments(model: Model) -> tuple[tuple[str, str], ...]:
    kinds = {f.column: f.kind for segment in model.segments.values() for f in segment.features.features}
    keys = [key_values(key) for key in model.segments]
    types = {name: _TYPES[kind] for name, kind in kinds.items()}
    for index, name in enumerate(model.segment_by):
        kind = model.segment_kinds[index] if model.segment_kinds else ""
        types[name] = _segment_type(kind, {values[index] for values in keys} - {None})
    return tuple((name, types[name]) for name in model.positional_columns)


def _segment_type(kind: str, values: set[str | None]) -> str:
    if kind == Kind.NUMBER:
        # Segments of two values must not become one.
        large = any(value is not None and abs(float(value)) >= _WHOLE for value in values)
        return "numeric" if large else _TYPES[kind]
    return _TYPES.get(kind, "text")


def _score(model: Model, dialect: Dialect) -> exp.Expr:
    """Return the score in one expression of two halves; NULL where a row has none."""
    of_any_row = score(model, dialect, None)
    if not model.segment_by:
        short = _short_half(model.segments[""], dialect)
        return of_any_row if short is None else _case([short], of_any_row)
    branches = []
    for key, condition in segment_conditions(model, dialect, None).items():
        short = _short_half(model.segments[key], dialect)
        if short is not None:
            branches.append((_both(condition, short[0]), short[1]))
    return _case(branches, of_any_row) if branches else of_any_row


def _both(first: exp.Expr, second: exp.Expr) -> exp.Expr:
    return exp.And(this=exp.Paren(this=first), expression=exp.Paren(this=second))


def _case(branches: Sequence[tuple[exp.Expr, exp.Expr]], otherwise: exp.Expr) -> exp.Expr:
    return exp.Case(ifs=[exp.If(this=condition, true=value) for condition, value in branches], default=otherwise)


def _short_half(segment: Segment, dialect: Dialect) -> tuple[exp.Expr, exp.Expr] | None:
    """Return the score of rows whose numbers are all there and not clipped, behind the condition that they are.

    None if there are no numbers, or if hardly a row would fulfil it.
    """
    features = segment.features.features
    numbers = [feature for feature in features if feature.kind is Kind.NUMBER and feature.encoding == "value"]
    # A little less than where clipping begins: sums and products round.
    bounds = [min(LIMIT * f.scale * 0.999 - abs(f.center), LARGEST) for f in numbers]
    typical = [abs(f.center) + _TYPICAL * f.scale for f in numbers]
    if not numbers or any(not bound > usual for bound, usual in zip(bounds, typical, strict=True)):
        return None
    sql = FlushingSparingly(dialect)
    forms = [_scaled(features, segment.detector, sql, dialect)]
    if len(numbers) == len(features):
        forms += _unscaled(features, segment.detector, sql)
    # What is written in fewer characters is evaluated in fewer steps.
    shortest = min(forms, key=lambda form: len(written(form.copy(), dialect)))
    return _within(numbers, bounds, sql), double(shortest)


def _within(numbers: Sequence[Feature], bounds: Sequence[float], sql: SqlExpressions) -> exp.Expr:
    """Return the condition that all of some columns are numbers within their bounds; it fails for NULL and NaN."""
    # One by one: a single comparison of their sum is no faster, and two of 1.7e308 would overflow, which is an error.
    distances = [sql.absolute(column(feature.column, None)) for feature in numbers]
    return exp.and_(*(sql.less(distance, sql.number(bound)) for distance, bound in zip(distances, bounds, strict=True)))


def _scaled(features: Sequence[Feature], detector: Fitted, sql: FlushingSparingly, dialect: Dialect) -> exp.Expr:
    """Return the score in terms of features that are made as ever, but for the clipping."""
    return detector_score(detector, [_feature(feature, sql, dialect) for feature in features], sql)


def _feature(feature: Feature, sql: FlushingSparingly, dialect: Dialect) -> exp.Expr:
    """Return a feature to the last bit: steps of a score lie at the very values of the training rows."""
    made = SqlFeatures(dialect)
    if feature.kind is not Kind.NUMBER or feature.encoding != "value":
        return made.value(feature, made.raw(feature))
    source, factor = column(feature.column, None), sql.number(1.0 / feature.scale)
    if not feature.center:
        # Less than one, it makes zero of what is next to nothing, which is an error.
        return multiplied(source, factor) if feature.scale <= 1.0 else made.value(feature, made.raw(feature))
    return sql.product(sql.difference(source, sql.number(feature.center)), factor)


def _unscaled(features: Sequence[Feature], detector: Fitted, sql: FlushingSparingly) -> list[exp.Expr]:
    """Return the score in terms of raw columns, and of these less their centres, where that costs no digits."""
    center, scale = (np.array([getattr(feature, part) for feature in features]) for part in ("center", "scale"))
    if not isinstance(detector, Rescales) or not (scale >= _FLUSHABLE).all():
        return []
    variants = [(detector.unscaled(np.zeros(len(features)), scale), [_moved(feature, sql) for feature in features])]
    if (np.abs(center) <= _TYPICAL * scale).all():
        variants.append((detector.unscaled(center, scale), [column(feature.column, None) for feature in features]))
    return [detector_score(unscaled, values, sql) for unscaled, values in variants]


def _moved(feature: Feature, sql: FlushingSparingly) -> exp.Expr:
    """Return a column less its centre, or less next to nothing: a difference to a constant is zero or not tiny."""
    return sql.difference(column(feature.column, None), sql.number(feature.center or _TINY * feature.scale))
