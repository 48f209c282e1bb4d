"""Features as SQL expressions: what `FeatureSpec.transform` computes, NULL and NaN included."""

from __future__ import annotations

import sys
from math import inf, nextafter, pi
from typing import TYPE_CHECKING

from sqlglot import exp

from adsql.arrow import LARGEST, SECONDS_PER_DAY, Kind
from adsql.encodings import CIRCLE_STEPS, MONDAY, WEEK
from adsql.errors import NoSqlForm
from adsql.features import LIMIT
from adsql.sqlgen.builder import SqlExpressions, column, divided, double, multiplied, text

if TYPE_CHECKING:
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

    def raw(self, feature: Feature) -> exp.Expr:
        """Return what a feature is made from: the column as text, or as a DOUBLE; NULL if missing."""
        plain = self._plain(feature)
        if feature.encoding == "rarity" or not self.dialect.has_nan:
            return plain
        if self.dialect.nan_is_equal:
            return exp.Nullif(this=plain, expression=double(exp.Literal.string("NaN")))
        return exp.Case(ifs=[exp.If(this=exp.not_(exp.IsNan(this=plain.copy())), true=plain)])

    def value(self, feature: Feature, raw: exp.Expr) -> exp.Expr:
        """Return the feature as detectors get it: scaled, within ±1e9, 0 if missing."""
        sql, zero = self._sql, self._sql.number(0.0)
        if feature.encoding == "rarity":
            branches = [*self._categories(feature, raw), (is_null(raw), zero)]
            return sql.case(branches, sql.number(_scaled(feature.unseen, feature)))
        if feature.encoding in _CIRCLES:
            # Coordinates within ±1, on a scale of 1e-4 at least, need no bounds.
            return exp.Coalesce(this=self._quotient(raw, feature), expressions=[zero])
        within = self._within(raw, feature)
        distance, bound = self._distance(within, feature), _bound(feature.scale)
        low, high = sql.number(-bound), sql.number(bound)
        branches = [
            (sql.at_most(distance, low), sql.number(-LIMIT)),
            (sql.at_most(high, distance), sql.number(LIMIT)),
        ]
        vanishing = _vanishing(feature.scale) if self.dialect.traps_underflow else 0.0
        if vanishing:
            branches.append((sql.at_most(sql.absolute(distance), sql.number(vanishing)), zero))
        # Comparisons with NULL fail, so that what is missing ends in the ELSE.
        branches.append((sql.less(distance, high), self._quotient(within, feature)))
        return sql.case(branches, zero)

    def scaled(self, feature: Feature) -> exp.Expr:
        """Return (raw - center) / scale: NULL, NaN and infinities pass, nothing is clipped."""
        plain = self._plain(feature)
        if feature.encoding == "rarity":
            unseen = exp.not_(is_null(plain)), self._sql.number(_scaled(feature.unseen, feature))
            return self._sql.case([*self._categories(feature, plain), unseen], exp.Null())
        return self._quotient(plain, feature)

    def _plain(self, feature: Feature) -> exp.Expr:
        if feature.encoding == "pattern_rarity":
            raise NoSqlForm(
                f"column {feature.column!r} is used by the pattern of its texts, for which dialects have no function",
                hint="train the model with columns => [...] that leave it out",
            )
        if feature.encoding == "value":
            return self._number(feature)
        if feature.encoding == "rarity":
            return text(self._column(feature))
        function, period, start = _CIRCLES[feature.encoding]
        sql = self._sql
        elapsed = self._number(feature)
        if start:
            elapsed = sql.difference(elapsed, sql.number(start))
        periods = exp.Floor(this=divided(elapsed, sql.number(period)))
        phase = sql.difference(elapsed, sql.product(sql.number(period), periods))
        angle = sql.product(phase, sql.number(2.0 * pi / period))
        steps, half = sql.number(CIRCLE_STEPS), sql.number(0.5)
        return divided(exp.Floor(this=sql.sum([sql.product(function(this=angle), steps), half])), steps)

    def _column(self, feature: Feature) -> exp.Expr:
        return column(feature.column, self.table)

    def _seconds(self, feature: Feature) -> exp.Expr:
        """Return a time, date or timestamp as seconds: since midnight, or since 1970 UTC."""
        source = self._column(feature)
        if not self.dialect.has_epoch:
            raise NoSqlForm(
                f"column {feature.column!r} holds {feature.kind.value} values, which have not been verified in "
                f"the dialect {self.dialect.name}",
                allowed="numbers, booleans and categories there; times and dates in duckdb and postgres",
                hint="train the model with columns => [...] that leave it out",
            )
        if self.dialect.name == "duckdb":
            # Its EXTRACT is off by a quarter of a microsecond for timestamps with a zone.
            microseconds = double(exp.Anonymous(this="EPOCH_US", expressions=[source]))
            return divided(microseconds, self._sql.number(1e6))
        return double(exp.Extract(this=exp.var("EPOCH"), expression=source))

    def _number(self, feature: Feature) -> exp.Expr:
        """Return the column as a DOUBLE."""
        if feature.kind is not Kind.NUMBER:
            return self._seconds(feature)
        source = self._column(feature)
        if self.dialect.casts_booleans or not _may_be_boolean(feature):
            return double(source)
        # The model does not know booleans from numbers. Both have a text, and numbers survive it.
        words, sql = text(source), self._sql
        branches = [
            (exp.EQ(this=words.copy(), expression=exp.Literal.string(word)), sql.number(value))
            for word, value in (("true", 1.0), ("false", 0.0))
        ]
        return sql.case(branches, double(words))

    def _within(self, raw: exp.Expr, feature: Feature) -> exp.Expr:
        """Return the raw value within ±1e150, where the bounds of the scaled feature do not do it."""
        if LARGEST - abs(feature.center) >= _bound(feature.scale):
            return raw
        sql = self._sql
        low, high = sql.number(-LARGEST), sql.number(LARGEST)
        return sql.case([(sql.less(raw, low), low), (sql.less(high, raw), high)], raw)

    def _distance(self, raw: exp.Expr, feature: Feature) -> exp.Expr:
        return self._sql.difference(raw, self._sql.number(feature.center)) if feature.center else raw

    def _quotient(self, raw: exp.Expr, feature: Feature) -> exp.Expr:
        # As the kernel: DuckDB looks for a zero in every divisor, which takes longer than the rest.
        # Not `product`, which may round what is next to nothing: steps of the score lie at exact values.
        return multiplied(self._distance(raw, feature), self._sql.number(1.0 / feature.scale))

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


def is_null(value: exp.Expr) -> exp.Expr:
    """Return the condition that a value is NULL."""
    return exp.Is(this=value.copy(), expression=exp.Null())


def _scaled(raw: float, feature: Feature) -> float:
    # As the kernel, to the last bit: steps of a score lie at the very values of the training rows.
    return min(max((raw - feature.center) * (1.0 / feature.scale), -LIMIT), LIMIT)


def _bound(scale: float) -> float:
    """Return the smallest distance from the center that reaches the limit when it is scaled."""
    bound = LIMIT * scale
    if bound > sys.float_info.max:
        return sys.float_info.max  # out of reach of any value
    return bound if bound * (1.0 / scale) >= LIMIT else nextafter(bound, inf)


def _vanishing(scale: float) -> float:
    """Return the largest distance from the center that is zero when it is scaled."""
    distance = scale / 2.0 * 5e-324
    while distance * (1.0 / scale) > 0.0:  # twice at most
        distance = nextafter(distance, 0.0)
    return distance


def _may_be_boolean(feature: Feature) -> bool:
    return feature.center in _BOOLEAN_CENTERS and feature.scale <= 1.0
