"""Expressions that are flushed to zero only where a product might really underflow, which PostgreSQL has for an error.

Every expression carries a bound: it is zero, or at least so far from it.
"""

from __future__ import annotations

from math import inf, ulp
from typing import TYPE_CHECKING

from sqlglot import exp

from adsql.sqlgen.builder import SqlExpressions, divided, multiplied

if TYPE_CHECKING:
    from collections.abc import Sequence

_LEAST = "least"
_ANY = 5e-324
_SAFE = 1e-290  # far above the smallest number, so that bounds need not be exact
_MANY = 4  # operations that take longer than raising to a power
_TWO = 2


class FlushingSparingly(SqlExpressions):
    """Builds expressions of numbers within ±1e150.

    Operations that are not overridden make expressions of which nothing is known.
    """

    def number(self, value: float) -> exp.Expr:
        """Return a literal."""
        return _known(super().number(value), abs(value) or inf)

    def sum(self, terms: Sequence[exp.Expr]) -> exp.Expr:
        """Return the sum of one or more terms."""
        if len(terms) == 1:
            return terms[0]
        # A sum is a multiple of the last bit of the smallest term, however its parts are rounded.
        return _known(super().sum(terms), _last_bit(terms))

    def difference(self, left: exp.Expr, right: exp.Expr) -> exp.Expr:
        """Return left - right."""
        return _known(super().difference(left, right), _last_bit([left, right]))

    def product(self, left: exp.Expr, right: exp.Expr) -> exp.Expr:
        """Return left * right."""
        if _least(left) * _least(right) >= _SAFE:
            return _known(multiplied(left, right), _least(left) * _least(right))
        return super().product(left, right)

    def quotient(self, left: exp.Expr, right: exp.Expr) -> exp.Expr:
        """Return left / right."""
        divisor = _constant(right)
        if divisor and _least(left) / divisor >= _SAFE:
            return _known(divided(left, right), _least(left) / divisor)
        return super().quotient(left, right)

    def square(self, value: exp.Expr) -> exp.Expr:
        """Return value * value; of a long expression the power, so that it is evaluated once."""
        least = _least(value) ** 2
        if least >= _SAFE and sum(1 for _ in value.find_all(exp.Binary)) >= _MANY:
            power = exp.Pow(this=value if value.parent is None else value.copy(), expression=self.number(2.0))
            return _known(power, least)
        return super().square(value)

    def square_root(self, value: exp.Expr) -> exp.Expr:
        """Return the square root."""
        return _known(super().square_root(value), _least(value) ** 0.5)

    def absolute(self, value: exp.Expr) -> exp.Expr:
        """Return the absolute value."""
        return _known(super().absolute(value), _least(value))


def _known(expression: exp.Expr, least: float) -> exp.Expr:
    expression.meta[_LEAST] = least
    return expression


def _least(expression: exp.Expr) -> float:
    """Return how far from zero an expression is if it is not zero."""
    return float(expression.meta.get(_LEAST, _ANY))


def _constant(expression: exp.Expr) -> float | None:
    literal = expression.this if isinstance(expression, exp.Neg) else expression
    return abs(float(literal.name)) if isinstance(literal, exp.Literal) else None


def _last_bit(terms: Sequence[exp.Expr]) -> float:
    """Return how far from zero a sum or difference is if it is not zero.

    It is a multiple of the last bit of its smallest term. And a difference to a constant is exact near the constant,
    and far from zero elsewhere, whatever the other term is.
    """
    constants = [constant for constant in map(_constant, terms) if constant]
    if len(terms) == _TWO and constants:
        return ulp(constants[0]) / 4.0
    least = min(map(_least, terms))
    return ulp(least) if least < inf else inf
