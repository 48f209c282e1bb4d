"""How a detector writes its score as an expression, without knowing the language it is written in.

`adsql.sqlgen` implements `Expressions` for SQL dialects. Detectors get an instance and the expressions of their
features, and combine them: see `adsql.detector.ToSql`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from adsql.errors import NoSqlForm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adsql.arrow import Floats

E = TypeVar("E")

MAX_STEPS = 4_000  # steps of functions and nodes of trees; engines plan for seconds, or refuse, far above it


class Expressions(Protocol[E]):
    """Builds expressions of float64 values that are never NULL or NaN.

    Arguments may be used several times. Operations that overflow are the detector's fault: features lie within
    ±1e9.
    """

    def number(self, value: float) -> E:
        """Return a constant, exact to the last bit."""
        ...

    def sum(self, terms: Sequence[E]) -> E:
        """Return the sum of one or more terms, as a balanced tree: long chains exhaust an engine's stack."""
        ...

    def difference(self, left: E, right: E) -> E:
        """Return left - right."""
        ...

    def product(self, left: E, right: E) -> E:
        """Return left * right."""
        ...

    def quotient(self, left: E, right: E) -> E:
        """Return left / right; right must not be zero."""
        ...

    def square(self, value: E) -> E:
        """Return value * value."""
        ...

    def square_root(self, value: E) -> E:
        """Return the square root of a value that is not negative."""
        ...

    def absolute(self, value: E) -> E:
        """Return the absolute value."""
        ...

    def logarithm(self, value: E) -> E:
        """Return the natural logarithm of a positive value."""
        ...

    def exponential(self, value: E) -> E:
        """Return e to the power of a value of at most 700."""
        ...

    def least(self, values: Sequence[E]) -> E:
        """Return the smallest of two or more values."""
        ...

    def greatest(self, values: Sequence[E]) -> E:
        """Return the largest of two or more values."""
        ...

    def less(self, left: E, right: E) -> E:
        """Return the condition left < right."""
        ...

    def at_most(self, left: E, right: E) -> E:
        """Return the condition left <= right."""
        ...

    def element(self, values: Sequence[float], place: E) -> E:
        """Return values[floor(place)]; the first of them below, the last one above. `place` lies within ±1e15."""
        ...

    def case(self, branches: Sequence[tuple[E, E]], otherwise: E) -> E:
        """Return the value of the first of one or more (condition, value) whose condition holds."""
        ...


def step_function(sql: Expressions[E], conditions: Sequence[E], values: Sequence[float]) -> E:
    """Return values[i] for the first condition that holds, the last value if none does.

    Parameters
    ----------
    sql
        The builder.
    conditions
        n of them. Each must imply the next one, such as x < 1, x < 2, x < 5: the search halves them.
    values
        n + 1 of them.
    """
    changes = [i for i in range(len(conditions)) if values[i] != values[i + 1]]
    steps = [*(sql.number(float(values[i])) for i in changes), sql.number(float(values[-1]))]
    return _search(sql, [conditions[i] for i in changes], steps)


def _search(sql: Expressions[E], conditions: Sequence[E], values: Sequence[E]) -> E:
    if not conditions:
        return values[0]
    middle = len(conditions) // 2
    below = _search(sql, conditions[:middle], values[: middle + 1])
    above = _search(sql, conditions[middle + 1 :], values[middle + 1 :])
    return sql.case([(conditions[middle], below)], above)


def root_mean_square(features: Sequence[E], center: Floats, scale: Floats, sql: Expressions[E]) -> E:
    """Return the root mean square of (x - center) / scale, as the kernel of that name."""
    squares = [
        sql.square(sql.product(sql.difference(x, sql.number(float(middle))), sql.number(1.0 / float(size))))
        for x, middle, size in zip(features, center, scale, strict=True)
    ]
    return sql.square_root(sql.quotient(sql.sum(squares), sql.number(float(len(squares)))))


def squared_length(features: Sequence[E], center: Floats, forms: Floats, sql: Expressions[E]) -> E:
    """Return the squared length of forms @ (x - center), as the kernel of that name.

    Parameters
    ----------
    features
        d of them.
    center, forms
        Shapes (d,) and (k, d).
    sql
        The builder.
    """
    squares = []
    for form in triangular(forms):
        constant = -math.fsum(form * center)  # of x - center itself, each form would write its own
        terms = [sql.product(x, sql.number(float(factor))) for x, factor in zip(features, form, strict=True) if factor]
        if constant or not terms:
            terms.append(sql.number(constant))
        squares.append(sql.square(sql.sum(terms)))
    return sql.sum(squares)


def triangular(forms: Floats) -> Floats:
    """Return forms of the same squared length, of which the k-th looks at no column before the k-th.

    By Householder's reflections: half of the terms are zero then. Of the numbers that LAPACK returns for this, the
    last bits depend on the processor, and so would the text.

    Examples
    --------
    >>> import numpy as np
    >>> forms = np.array([[3.0, 1.0], [4.0, 2.0]])
    >>> upper, x = triangular(forms), np.array([5.0, -7.0])
    >>> upper[1, 0], round(sum((upper @ x) ** 2), 9) == sum((forms @ x) ** 2)
    (0.0, True)
    """
    upper = forms.copy()
    if not np.tril(upper, -1).any():
        return upper
    for k in range(min(upper.shape)):
        below = upper[k:]
        mirror = below[:, k].copy()
        mirror[0] += math.copysign(math.sqrt(math.fsum(mirror**2)), mirror[0])
        size = math.fsum(mirror**2)
        if size:
            below -= (2.0 / size * mirror)[:, None] * (mirror[:, None] * below).sum(axis=0)
    return np.triu(upper)


def check_steps(algorithm: str, steps: int, what: str, hint: str) -> None:
    """Refuse an expression that engines would take seconds to plan.

    Raises
    ------
    NoSqlForm
        If there are more than `MAX_STEPS`.

    Examples
    --------
    >>> check_steps("hbos", 5_000, "bins", "set n_bins lower")
    Traceback (most recent call last):
    adsql.errors.NoSqlForm: [ADSQL_NO_SQL_FORM] hbos: the model has 5000 bins, too many for an SQL expression. \
Allowed: up to 4000 bins. Do: set n_bins lower
    """
    if steps > MAX_STEPS:
        raise NoSqlForm(
            f"{algorithm}: the model has {steps} {what}, too many for an SQL expression",
            allowed=f"up to {MAX_STEPS} {what}",
            hint=hint,
        )
