"""A model as one SQL statement, or as the expression of its score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from adsql.errors import InvalidSource, NoSqlForm
from adsql.sqlgen.builder import SqlExpressions, column
from adsql.sqlgen.dialects import dialect_named
from adsql.sqlgen.features import SqlFeatures
from adsql.sqlgen.query import SOURCE, scoring_query
from adsql.sqlgen.score import detector_score, score, too_deep
from adsql.wording import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adsql.detector import Fitted
    from adsql.features import FeatureSpec
    from adsql.model import Model
    from adsql.sqlgen.dialects import Dialect

MAX_CHARACTERS = 1_000_000  # BigQuery and Snowflake refuse longer statements
_NAME = {"this", "db", "catalog"}  # the parts of a table's name


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
    >>> model = Model.fit({"fare": pa.array([1.0, 2.0, 3.0, 4.0])}, TrainingOptions.parse("iqr"))
    >>> 'FROM trips AS "source"' in model_sql(model, "sqlite", "trips")
    True
    """
    target = dialect_named(dialect)
    return written(scoring_query(model, target, _source(source, target)), target, pretty=True)


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
    return written(score(model, target, table), target)


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
    made = SqlFeatures(target, table)
    return [written(made.scaled(feature), target) for feature in features.features]


def detector_expression(detector: Fitted, names: Sequence[str], dialect: str) -> str:
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
    return written(detector_score(detector, [column(name, None) for name in names], SqlExpressions(target)), target)


def _source(source: object, dialect: Dialect) -> exp.Expr:
    """Return the source as an item of FROM, under the name that the score's columns are qualified with."""
    if source is None:
        return exp.to_table(SOURCE)
    if not isinstance(source, str):
        raise _invalid(source, dialect)
    alias = exp.to_identifier(SOURCE, quoted=True)
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


def _invalid(source: object, dialect: Dialect) -> InvalidSource:
    return InvalidSource(
        f"source {shown(source)} is neither a table's name nor a single SELECT in the dialect {dialect.name}",
        hint="quote names as that database does",
    )


def written(expression: exp.Expr, dialect: Dialect, *, pretty: bool = False) -> str:
    """Return an expression as text, which uses it up: sqlglot writes by changing it.

    Raises
    ------
    NoSqlForm
        If it is nested too deeply, or too long.
    """
    try:
        text = expression.sql(dialect.name, copy=False, pretty=pretty, max_text_width=120)
    except RecursionError:
        raise too_deep() from None
    if len(text) > MAX_CHARACTERS:
        raise NoSqlForm(
            f"the model would take {len(text)} characters of SQL",
            allowed=f"up to {MAX_CHARACTERS}, which all engines accept",
            hint="train on fewer columns or segments, or a smaller model",
        )
    return text
