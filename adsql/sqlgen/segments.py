"""Which segment a row belongs to, as an SQL condition."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlglot import exp

from adsql.arrow import Kind
from adsql.errors import NoSqlForm
from adsql.segment_keys import key_values
from adsql.sqlgen.builder import column, text
from adsql.wording import shown

if TYPE_CHECKING:
    from adsql.model import Model
    from adsql.sqlgen.dialects import Dialect

# Engines write these types differently: 1.0 or 1, 2024-01-01 00:00:00 with or without T, fractions and zone.
_ENGINE_DEPENDENT = re.compile(
    r"""[-+]?(\d+\.\d*|\d*\.\d+|\d(\.\d+)?e[-+]?\d+|inf|nan)  # fractions
    |(\d{4}-\d\d-\d\d[ T])?\d\d:\d\d:\d\d.*  # times and timestamps""",
    re.IGNORECASE | re.VERBOSE,
)
_BOOLEANS = {"true", "false"}


def segment_conditions(model: Model, dialect: Dialect, table: str | None) -> dict[str, exp.Expr]:
    """Return the condition of each of a model's segments by key.

    Raises
    ------
    NoSqlForm
        If the segment columns held values whose text differs between databases: the model knows only the text.
    """
    by_key = {key: key_values(key) for key in model.segments}
    for index, name in enumerate(model.segment_by):
        _check(name, {values[index] for values in by_key.values()} - {None}, dialect)
    columns = [column(name, table) for name in model.segment_by]
    kinds = model.segment_kinds or ("",) * len(columns)
    return {
        key: exp.and_(*(_is(*part, dialect) for part in zip(columns, values, kinds, strict=True)))
        for key, values in by_key.items()
    }


def _is(source: exp.Expr, value: str | None, kind: str, dialect: Dialect) -> exp.Expr:
    if value is None:
        return exp.Is(this=source.copy(), expression=exp.Null())
    if kind == Kind.NUMBER:  # 1, 1.0 and 1.00 are one segment, and three texts
        return exp.EQ(this=source.copy(), expression=exp.Literal.number(value))
    if kind == Kind.DATE and dialect.name == "postgres":  # where a date's text depends on a setting
        return exp.EQ(this=source.copy(), expression=exp.cast(exp.Literal.string(value), exp.DType.DATE))
    return exp.EQ(this=text(source), expression=exp.Literal.string(value))


def _check(name: str, values: set[str | None], dialect: Dialect) -> None:
    for value in sorted(value for value in values if value is not None):
        if _ENGINE_DEPENDENT.fullmatch(value):
            raise NoSqlForm(
                f"segment_by: {name!r} has the value {shown(value)}, whose text differs between databases",
                allowed="text, whole numbers, booleans and dates",
                hint="train with a text column",
            )
    if dialect.name == "sqlite" and values and values <= _BOOLEANS:
        raise NoSqlForm(
            f"segment_by: {name!r} holds booleans, which sqlite has not",
            hint="train with a column of text or whole numbers",
        )
