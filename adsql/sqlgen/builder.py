"""`adsql.expressions.Expressions` as sqlglot trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from adsql.expressions import step_function

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adsql.sqlgen.dialects import Dialect

_PRECEDENCE: dict[type[exp.Expr], int] = {exp.Add: 1, exp.Sub: 1, exp.Mul: 2, exp.Div: 2}  # comparisons: 0
_FLUSHED = 1e-30  # adding and taking away this leaves zero, or what a square does not make too small for a DOUBLE
_SMALLEST_EXPONENT = -700.0  # exp(-700) is 1e-304


class SqlExpressions:
    """Builds sqlglot expressions. An argument that is in use already is copied: a node has one parent."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def number(self, value: float) -> exp.Expr:
        """Return a literal in E-notation: without, DuckDB and Trino read a DECIMAL."""
        text = repr(abs(float(value)))
        literal = exp.Literal(this=text if "e" in text else f"{text}e0", is_string=False)
        return exp.Neg(this=literal) if value < 0 else literal

    def sum(self, terms: Sequence[exp.Expr]) -> exp.Expr:
        """Return the sum of one or more terms."""
        if len(terms) == 1:
            return terms[0]
        middle = (len(terms) + 1) // 2
        return _binary(exp.Add, self.sum(terms[:middle]), self.sum(terms[middle:]))

    def difference(self, left: exp.Expr, right: exp.Expr) -> exp.Expr:
        """Return left - right."""
        return _binary(exp.Sub, left, right)

    def product(self, left: exp.Expr, right: exp.Expr) -> exp.Expr:
        """Return left * right."""
        return _binary(exp.Mul, self._flushed(left), self._flushed(right))

    def quotient(self, left: exp.Expr, right: exp.Expr) -> exp.Expr:
        """Return left / right."""
        shrinks = not isinstance(right, exp.Literal) or float(right.name) > 1.0
        return divided(self._flushed(left) if shrinks else left, right)

    def square(self, value: exp.Expr) -> exp.Expr:
        """Return value * value."""
        return self.product(value, value)

    def square_root(self, value: exp.Expr) -> exp.Expr:
        """Return the square root."""
        return exp.Sqrt(this=_unused(value))

    def absolute(self, value: exp.Expr) -> exp.Expr:
        """Return the absolute value."""
        return exp.Abs(this=_unused(value))

    def logarithm(self, value: exp.Expr) -> exp.Expr:
        """Return the natural logarithm; LOG is the decimal one in half of the dialects."""
        return exp.Ln(this=_unused(value))

    def exponential(self, value: exp.Expr) -> exp.Expr:
        """Return e to the power of a value."""
        if self.dialect.traps_underflow:
            value = self.greatest([value, self.number(_SMALLEST_EXPONENT)])
        return exp.Exp(this=_unused(value))

    def least(self, values: Sequence[exp.Expr]) -> exp.Expr:
        """Return the smallest of two or more values."""
        return self._extreme("LEAST", "MIN", values)

    def greatest(self, values: Sequence[exp.Expr]) -> exp.Expr:
        """Return the largest of two or more values."""
        return self._extreme("GREATEST", "MAX", values)

    def less(self, left: exp.Expr, right: exp.Expr) -> exp.Expr:
        """Return left < right."""
        return _binary(exp.LT, left, right)

    def at_most(self, left: exp.Expr, right: exp.Expr) -> exp.Expr:
        """Return left <= right."""
        return _binary(exp.LTE, left, right)

    def element(self, values: Sequence[float], place: exp.Expr) -> exp.Expr:
        """Return values[floor(place)]; the first of them below, the last one above."""
        if self.dialect.indexes_lists:
            # A fifth of what a tree of CASEs takes, and half of it with GREATEST and LEAST: of whole numbers,
            # (|k| - |k - last| + last) / 2 is k, but at least 0 and at most last.
            whole, last = exp.Floor(this=place.copy()), len(values) - 1.0
            bounded = self.difference(self.absolute(whole), self.absolute(self.difference(whole, self.number(last))))
            position = self.product(self.sum([bounded, self.number(last + 2.0)]), self.number(0.5))
            elements = exp.Array(expressions=[self.number(float(value)) for value in values])
            return exp.Anonymous(this="list_extract", expressions=[elements, exp.cast(position, exp.DType.BIGINT)])
        if self.dialect.subscripts_arrays:
            return self._subscript(values, place)
        conditions = [self.less(place, self.number(float(k))) for k in range(1, len(values))]
        return step_function(self, conditions, values)

    def case(self, branches: Sequence[tuple[exp.Expr, exp.Expr]], otherwise: exp.Expr) -> exp.Expr:
        """Return the value of the first of one or more branches whose condition holds."""
        result = exp.Case()
        for condition, value in branches:
            result.append("ifs", exp.If(this=_unused(condition), true=_unused(value)))
        if self.dialect.exact_literals and isinstance(otherwise, exp.Literal | exp.Neg):
            otherwise = double(otherwise)  # one DOUBLE makes all branches DOUBLE
        result.set("default", _unused(otherwise))
        return result

    def _subscript(self, values: Sequence[float], place: exp.Expr) -> exp.Expr:
        whole = self.sum([exp.Floor(this=_unused(place)), self.number(1.0)])
        bounded = self.least([self.greatest([whole, self.number(1.0)]), self.number(float(len(values)))])
        elements = exp.Array(expressions=[self.number(float(value)) for value in values])
        array = exp.cast(elements, exp.DataType.build("DOUBLE PRECISION[]", dialect="postgres"))
        index = exp.cast(double(bounded), exp.DType.INT)
        return exp.Bracket(this=exp.Paren(this=array), expressions=[index], offset=1)

    def _extreme(self, name: str, sqlite_name: str, values: Sequence[exp.Expr]) -> exp.Expr:
        # As sqlglot's own Greatest and Least, each argument would be tested for NULL where engines ignore NULL.
        name = sqlite_name if self.dialect.name == "sqlite" else name
        result = exp.Anonymous(this=name)
        for value in values:
            result.append("expressions", _unused(value))
        return result

    def _flushed(self, value: exp.Expr) -> exp.Expr:
        """Return the value, or 0 if it is so small that a product may underflow, where that is an error."""
        if not self.dialect.traps_underflow or isinstance(value, exp.Literal | exp.Neg):
            return value
        tiny = self.number(_FLUSHED)
        return _binary(exp.Sub, _binary(exp.Add, value, tiny), tiny)


def multiplied(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """Return left * right of DOUBLEs, as it is."""
    return _binary(exp.Mul, left, right)


def divided(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """Return left / right of DOUBLEs."""
    quotient = _binary(exp.Div, left, right)
    quotient.set("typed", True)  # sqlglot need not make sure that it is no division of integers
    quotient.set("safe", False)
    return quotient


def double(value: exp.Expr) -> exp.Expr:
    """Return the value as a DOUBLE."""
    return exp.cast(_unused(value), exp.DType.DOUBLE, copy=False)


def text(value: exp.Expr) -> exp.Expr:
    """Return the value as text."""
    return exp.cast(_unused(value), exp.DType.TEXT, copy=False)


def column(name: str, table: str | None) -> exp.Expr:
    """Return a column by its exact name."""
    qualifier = None if table is None else exp.to_identifier(table, quoted=True)
    return exp.column(exp.to_identifier(name, quoted=True), table=qualifier, copy=False)


def _binary(cls: type[exp.Binary], left: exp.Expr, right: exp.Expr) -> exp.Expr:
    own = _PRECEDENCE.get(cls, 0)
    result = cls(this=_operand(left, own - 1))
    result.set("expression", _operand(right, own))
    return result


def _operand(value: exp.Expr, binds: int) -> exp.Expr:
    """Return the value to put into a node, in parentheses unless it binds more strongly."""
    precedence = _PRECEDENCE.get(type(value))
    unused = _unused(value)
    return unused if precedence is None or precedence > binds else exp.Paren(this=unused)


def _unused(value: exp.Expr) -> exp.Expr:
    return value if value.parent is None else value.copy()
