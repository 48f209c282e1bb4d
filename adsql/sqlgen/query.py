"""The SELECT that scores a source, in the form that a dialect allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from adsql.sqlgen.builder import column
from adsql.sqlgen.score import steps, threshold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adsql.model import Model
    from adsql.sqlgen.dialects import Dialect

SOURCE = "source"
_SCORED, _SCORE, _VERDICT = "scored", "anomaly_score", "is_anomaly"


def scoring_query(model: Model, dialect: Dialect, source: exp.Expr) -> exp.Select:
    """Return the SELECT of all columns of a source, the score, and whether it is above the threshold.

    Parameters
    ----------
    model
        The model.
    dialect
        The dialect.
    source
        An item of FROM that is called `SOURCE`.

    Raises
    ------
    NoSqlForm
        If the model cannot be written in that dialect.
    """
    return _with_except(model, dialect, source) if dialect.star_except else _with_subquery(model, dialect, source)


def _with_except(model: Model, dialect: Dialect, source: exp.Expr) -> exp.Select:
    """Put the steps behind the source's columns, and leave them out at the end."""
    parts = steps(model, dialect, SOURCE)
    own = f"adsql_{_SCORE}"
    raw = _select([_star(SOURCE), *_named(parts.raw)], source)
    features = _select([exp.Star(), *_named(parts.features)], _derived(raw, "adsql_raw"))
    scored = _select([exp.Star(), *_named({own: parts.score})], _derived(features, "adsql_features"))
    hidden = [exp.to_identifier(name, quoted=True) for name in (*parts.raw, *parts.features, own)]
    kept = exp.Star(except_=hidden)
    results = {_SCORE: column(own, None), _VERDICT: _above(column(own, None), threshold(model, dialect, _SCORED))}
    return _select([kept, *_named(results)], _derived(scored, _SCORED))


def _with_subquery(model: Model, dialect: Dialect, source: exp.Expr) -> exp.Select:
    """Put the steps into a subquery that reads nothing but the row it stands in."""
    parts = steps(model, dialect, SOURCE)
    raw = exp.select(*_named(parts.raw))
    features = _select([exp.Star(), *_named(parts.features)], _derived(raw, "adsql_raw"))
    score = _select([parts.score], _derived(features, "adsql_features"))
    scored = _select([_star(SOURCE), *_named({_SCORE: exp.Subquery(this=score)})], source)
    verdict = _above(column(_SCORE, _SCORED), threshold(model, dialect, _SCORED))
    return _select([_star(_SCORED), *_named({_VERDICT: verdict})], _derived(scored, _SCORED))


# Each part of a query is used once: sqlglot would copy all that is inside for every SELECT around it.
def _select(columns: list[exp.Expr], source: exp.Expr) -> exp.Select:
    return exp.select(*columns).from_(source, copy=False)


def _derived(query: exp.Select, alias: str) -> exp.Expr:
    return query.subquery(exp.to_identifier(alias, quoted=True), copy=False)


def _named(columns: Mapping[str, exp.Expr]) -> list[exp.Expr]:
    return [exp.alias_(value, exp.to_identifier(name, quoted=True), copy=False) for name, value in columns.items()]


def _star(table: str) -> exp.Expr:
    return exp.Column(this=exp.Star(), table=exp.to_identifier(table, quoted=True))


def _above(score: exp.Expr, limit: exp.Expr) -> exp.Expr:
    return exp.GT(this=score, expression=exp.Paren(this=limit) if isinstance(limit, exp.Case) else limit)
