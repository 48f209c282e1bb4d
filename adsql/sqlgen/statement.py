"""A model as one SQL statement, or as the expression of its score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from adsql import registry
from adsql.detector import ToSql
from adsql.errors import InvalidSource, NoSqlForm, shown
from adsql.sqlgen.builder import SqlExpressions, column, double
from adsql.sqlgen.dialects import dialect_named
from adsql.sqlgen.features import SqlFeatures
from adsql.sqlgen.segments import segment_conditions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adsql.detector import Detector
    from adsql.features import FeatureSpec
    from adsql.model import Model
    from adsql.segment import Segment
    from adsql.sqlgen.dialects import Dialect

MAX_CHARACTERS = 1_000_000  # BigQuery and Snowflake refuse longer statements
_NAME = {"this", "db", "catalog"}  # the parts of a table's name
_SOURCE, _SCORED, _SCORE = "source", "scored", "anomaly_score"


def model_sql(model: Model, dialect: str, source: str | None = None) -> str:
    """Return one SELECT: all columns of the source, the score, and whether it is above the threshold.

    Scores equal those of `Model.score` to about 1e-9, on every dialect. Rows without a score have NULL in both columns.

    Parameters
    ----------
    model
        A trained model.
    dialect
        One of `adsql.sqlgen.dialects.DIALECTS`.
    source
        A table, or a SELECT, in that dialect; a table called `source` to be replaced by hand if not given.

    Raises
    ------
    UnknownDialect, InvalidSource
        For an argument that cannot be used.
    NoSqlForm
        If the model cannot be written in that dialect.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from adsql.model import Model
    >>> from adsql.options import TrainingOptions
    >>> model = Model.fit({"c": pa.array(["a", "a", "b", None])}, TrainingOptions.parse("iqr", columns=["c"]))
    >>> print(model_sql(model, "sqlite", "trips"))
    """
    target = dialect_named(dialect)
    score, threshold = _score(model, target, _SOURCE), _threshold(model, target)
    source_row, scored_row = (
        exp.Column(this=exp.Star(), table=exp.to_identifier(table, quoted=True)) for table in (_SOURCE, _SCORED)
    )
    scored = exp.select(source_row, exp.alias_(score, _SCORE)).from_(_source(source, target))
    above = exp.GT(this=column(_SCORE, _SCORED), expression=threshold)
    statement = exp.select(scored_row, exp.alias_(above, "is_anomaly")).from_(
        scored.subquery(exp.to_identifier(_SCORED, quoted=True))
    )
    return _written(statement, target, pretty=True)


def score_expression(model: Model, dialect: str, table: str | None = None) -> str:
    """Return the score as an SQL expression of the source's columns, to put into a query of one's own.

    Parameters
    ----------
    model
        A trained model.
    dialect
        As for `model_sql`.
    table
        The table or alias that columns are qualified with, if any.

    Raises
    ------
    UnknownDialect, NoSqlForm
        As `model_sql`.
    """
    target = dialect_named(dialect)
    return _written(_score(model, target, table), target)


def scaled_features(features: FeatureSpec, dialect: str, table: str | None = None) -> list[str]:
    """Return the SQL expression of (raw - center) / scale for each feature, in the order of the detector's columns.

    Nothing is clipped; NULL and NaN pass through. A feature is 0 where its expression is NULL or NaN, else its
    value within ±1e9; the row has no score if all are missing.

    Raises
    ------
    UnknownDialect, NoSqlForm
        As `model_sql`.
    """
    target = dialect_named(dialect)
    written = SqlFeatures(target, table)
    return [_written(written.scaled(feature), target) for feature in features.features]


def detector_expression(detector: Detector, names: Sequence[str], dialect: str) -> str:
    """Return a detector's score as an SQL expression of columns that hold its finite features.

    Parameters
    ----------
    detector
        A fitted detector.
    names
        The column of each feature.
    dialect
        As for `model_sql`.

    Raises
    ------
    UnknownDialect, NoSqlForm
        As `model_sql`.
    """
    target = dialect_named(dialect)
    return _written(_detector(detector, [column(name, None) for name in names], target), target)


def _score(model: Model, dialect: Dialect, table: str | None) -> exp.Expr:
    written = SqlFeatures(dialect, table)
    if not model.segment_by:
        return _segment_score(model.segments[""], written)
    branches = exp.Case()
    for key, condition in segment_conditions(model, dialect, table).items():
        branches.append("ifs", exp.If(this=condition, true=_segment_score(model.segments[key], written)))
    return branches


def _segment_score(segment: Segment, written: SqlFeatures) -> exp.Expr:
    features = segment.features.features
    score = _detector(segment.detector, [written.value(feature) for feature in features], written.dialect)
    if written.dialect.exact_literals:
        score = double(score)  # a formula of literals alone would be a decimal
    return exp.Case(ifs=[exp.If(this=written.any_present(features), true=score)])


def _detector(detector: Detector, features: list[exp.Expr], dialect: Dialect) -> exp.Expr:
    if not isinstance(detector, ToSql):
        raise NoSqlForm(
            f"{detector.spec.name} has no SQL form: its score is no formula of one row, but compares it with many",
            allowed=[name for name, cls in registry.detectors().items() if issubclass(cls, ToSql)],
            hint="train one of these, or score with anomaly_score",
        )
    try:
        return detector.expression(features, SqlExpressions(dialect))
    except RecursionError:
        raise _too_deep() from None


def _threshold(model: Model, dialect: Dialect) -> exp.Expr:
    sql = SqlExpressions(dialect)
    if not model.segment_by:
        return sql.number(model.segments[""].threshold)
    conditions = segment_conditions(model, dialect, _SCORED)
    ifs = [exp.If(this=holds, true=sql.number(model.segments[key].threshold)) for key, holds in conditions.items()]
    return exp.Paren(this=exp.Case(ifs=ifs))


def _source(source: str | None, dialect: Dialect) -> exp.Expr:
    """Return the source as an item of FROM, under the name that the score's columns are qualified with."""
    if source is None:
        return exp.to_table(_SOURCE)
    alias = exp.to_identifier(_SOURCE, quoted=True)
    try:
        parsed = [part for part in sqlglot.parse(source, read=dialect.name) if part is not None]
        if len(parsed) == 1 and isinstance(parsed[0], exp.Query):
            return parsed[0].subquery(alias)
        table = sqlglot.parse_one(source, read=dialect.name, into=exp.Table)
    except (SqlglotError, RecursionError) as error:
        raise _invalid(source, dialect) from error
    if not isinstance(table.this, exp.Identifier) or set(_given(table)) - _NAME:
        raise _invalid(source, dialect)
    return exp.alias_(table, alias, table=True)


def _given(table: exp.Table) -> list[str]:
    return [name for name, value in table.args.items() if value]


def _invalid(source: str, dialect: Dialect) -> InvalidSource:
    return InvalidSource(
        f"source {shown(source)} is neither a table's name nor a single SELECT in the dialect {dialect.name}",
        hint="quote names as that database does",
    )


def _too_deep() -> NoSqlForm:
    return NoSqlForm("the model's formula is nested too deeply to be written", hint="train another model")


def _written(expression: exp.Expr, dialect: Dialect, *, pretty: bool = False) -> str:
    try:
        text = expression.sql(dialect.name, pretty=pretty, max_text_width=120)
    except RecursionError:
        raise _too_deep() from None
    if len(text) > MAX_CHARACTERS:
        raise NoSqlForm(
            f"the model would take {len(text)} characters of SQL",
            allowed=f"up to {MAX_CHARACTERS}, which all engines accept",
            hint="train on fewer columns or segments, or a smaller model",
        )
    return text
