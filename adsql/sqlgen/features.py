"""Features as SQL expressions: what `FeatureSpec.transform` computes, NULL and NaN included."""

from __future__ import annotations

import sys
from math import inf, nextafter, pi
from typing import TYPE_CHECKING

from sqlglot import exp

from adsql.arrow import LARGEST, SECONDS_PER_DAY, Kind
from adsql.encodings import MONDAY, WEEK
from adsql.errors import NoSqlForm
from adsql.features import LIMIT
from adsql.sqlgen.builder import SqlExpressions, column, divided, double, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adsql.encodings import Feature
    from adsql.sqlgen.dialects import Dialect

_BOOLEAN_CENTERS = (0.0, 0.5, 1.0)
_CIRCLES = {
    "sin_of_day": (exp.Sin, SECONDS_PER_DAY, 0.0),
    "cos_of_day": (exp.Cos, SECONDS_PER_DAY, 0.0),
    "sin_of_week": (exp.Sin, WEEK, MONDAY),
    "cos_of_week": (exp.Cos, WEEK, MONDAY),
}


class SqlFeatures:
    """Writes features in a dialect.

    Parameters
    ----------
    dialect
        The dialect.
    table
        The alias that columns are qualified with, if any.
    """

    def __init__(self, dialect: Dialect, table: str | None = None) -> None:
        self.dialect, self.table = dialect, table
        self._sql = SqlExpressions(dialect)

    def scaled(self, feature: Feature) -> exp.Expr:
        """Return (raw - center) / scale: NULL, NaN and infinities pass, nothing is clipped."""
        if feature.encoding == "rarity":
            source = self._column(feature)
            branches = self._categories(feature, source)
            branches.append((_not_null(source), self._sql.number(_scaled(feature.unseen, feature))))
            return self._sql.case(branches, exp.Null())
        return divided(self._sql.difference(self._raw(feature), self._sql.number(feature.center)), self._scale(feature))

    def value(self, feature: Feature) -> exp.Expr:
        """Return the feature as detectors get it: scaled, within ±1e9, 0 if missing."""
        sql, zero = self._sql, self._sql.number(0.0)
        if feature.encoding == "rarity":
            source = self._column(feature)
            branches = [*self._categories(feature, source), (exp.Is(this=source, expression=exp.Null()), zero)]
            return sql.case(branches, sql.number(_scaled(feature.unseen, feature)))
        if feature.encoding in _CIRCLES:
            return exp.Coalesce(this=self.scaled(feature), expressions=[zero])  # a coordinate over 1e-4 at least
        distance = sql.difference(self._within(feature), sql.number(feature.center))
        bound = _bound(feature.scale)
        low, high = sql.number(-bound), sql.number(bound)
        branches = [
            (sql.at_most(distance, low), sql.number(-LIMIT)),
            (sql.at_most(high, distance), sql.number(LIMIT)),
        ]
        vanishing = _vanishing(feature.scale) if self.dialect.traps_underflow else 0.0
        if vanishing:
            branches.append((sql.at_most(sql.absolute(distance), sql.number(vanishing)), zero))
        # Comparisons with a NULL, and in some dialects with a NaN, fail: what is missing ends in the ELSE.
        branches.append((sql.less(distance, high), divided(distance, self._scale(feature))))
        return sql.case(branches, zero)

    def any_present(self, features: Iterable[Feature]) -> exp.Expr:
        """Return the condition that at least one of the features' columns is not missing."""
        first_of_column = {feature.column: feature for feature in reversed(list(features))}
        return exp.or_(*(self._present(feature) for feature in sorted(first_of_column.values(), key=_column_name)))

    def _present(self, feature: Feature) -> exp.Expr:
        if feature.encoding != "value" or not self.dialect.has_nan or self.dialect.nan_is_equal:
            return _not_null(self._column(feature) if feature.encoding != "value" else self._number(feature))
        number = self._number(feature)
        return exp.and_(_not_null(number), exp.not_(exp.IsNan(this=number.copy())))

    def _column(self, feature: Feature) -> exp.Expr:
        if feature.encoding == "pattern_rarity":
            raise NoSqlForm(
                f"column {feature.column!r} is used by the pattern of its texts, for which dialects have no function",
                hint="train the model with columns => [...] that leave it out",
            )
        source = column(feature.column, self.table)
        if feature.encoding == "rarity":
            return text(source)
        if feature.kind is Kind.NUMBER:
            return source
        if not self.dialect.has_epoch:
            raise NoSqlForm(
                f"column {feature.column!r} holds {feature.kind.value} values, which have not been verified in "
                f"the dialect {self.dialect.name}",
                allowed="numbers, booleans and categories there; times and dates in duckdb and postgres",
                hint="train the model with columns => [...] that leave it out",
            )
        return exp.Extract(this=exp.var("EPOCH"), expression=source)

    def _number(self, feature: Feature) -> exp.Expr:
        """Return the column as a DOUBLE, NaN as NULL where it is equal to itself."""
        source = self._column(feature)
        number = double(source)
        if not self.dialect.casts_booleans and _may_be_boolean(feature):
            # The model does not know booleans from numbers. Both have a text, and numbers survive it.
            words, sql = text(source), self._sql
            branches = [
                (exp.EQ(this=words.copy(), expression=exp.Literal.string(word)), sql.number(value))
                for word, value in (("true", 1.0), ("false", 0.0))
            ]
            number = sql.case(branches, double(words))
        if self.dialect.has_nan and self.dialect.nan_is_equal:
            number = exp.Nullif(this=number, expression=double(exp.Literal.string("NaN")))
        return number

    def _raw(self, feature: Feature) -> exp.Expr:
        if feature.encoding == "value":
            return self._number(feature)
        function, period, start = _CIRCLES[feature.encoding]
        sql = self._sql
        elapsed = double(self._column(feature))
        if start:
            elapsed = sql.difference(elapsed, sql.number(start))
        periods = exp.Floor(this=divided(elapsed, sql.number(period)))
        phase = sql.difference(elapsed, exp.Mul(this=sql.number(period), expression=periods))
        angle = exp.Mul(this=exp.Paren(this=phase), expression=sql.number(2.0 * pi / period))
        result: exp.Expr = function(this=angle)
        return result

    def _within(self, feature: Feature) -> exp.Expr:
        """Return the raw value within ±1e150, where the bounds of the scaled feature do not do it."""
        raw = self._raw(feature)
        if LARGEST - abs(feature.center) >= _bound(feature.scale):
            return raw
        sql = self._sql
        low, high = sql.number(-LARGEST), sql.number(LARGEST)
        return sql.case([(sql.less(raw, low), low), (sql.less(high, raw), high)], raw)

    def _scale(self, feature: Feature) -> exp.Expr:
        return self._sql.number(feature.scale)

    def _categories(self, feature: Feature, source: exp.Expr) -> list[tuple[exp.Expr, exp.Expr]]:
        by_value: dict[float, list[str]] = {}
        for word, rarity in zip(feature.vocabulary, feature.rarities, strict=True):
            by_value.setdefault(_scaled(rarity, feature), []).append(word)
        return [
            (
                exp.In(this=source.copy(), expressions=[exp.Literal.string(word) for word in words]),
                self._sql.number(value),
            )
            for value, words in by_value.items()
        ]


def _not_null(value: exp.Expr) -> exp.Expr:
    return exp.not_(exp.Is(this=value.copy(), expression=exp.Null()))


def _column_name(feature: Feature) -> str:
    return feature.column


def _scaled(raw: float, feature: Feature) -> float:
    return min(max((raw - feature.center) / feature.scale, -LIMIT), LIMIT)


def _bound(scale: float) -> float:
    """Return the smallest distance from the center whose quotient by the scale reaches the limit."""
    bound = LIMIT * scale
    if bound > sys.float_info.max:
        return sys.float_info.max  # out of reach of any value
    return bound if bound / scale >= LIMIT else nextafter(bound, inf)


def _vanishing(scale: float) -> float:
    """Return the largest distance from the center whose quotient by the scale is zero."""
    distance = scale / 2.0 * 5e-324
    while distance / scale > 0.0:  # twice at most
        distance = nextafter(distance, 0.0)
    return distance


def _may_be_boolean(feature: Feature) -> bool:
    return feature.center in _BOOLEAN_CENTERS and feature.scale <= 1.0
