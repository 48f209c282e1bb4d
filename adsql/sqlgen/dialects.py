"""The SQL dialects that models are written in, and where they differ in ways that change a score."""

from __future__ import annotations

from dataclasses import dataclass

from adsql.errors import UnknownDialect
from adsql.wording import did_you_mean, shown


@dataclass(frozen=True)
class Dialect:
    """What the generator needs to know about a dialect besides what sqlglot knows.

    Parameters
    ----------
    name
        As sqlglot and `model_sql` call it.
    aliases
        Other names that are accepted.
    has_nan
        Whether columns can hold NaN.
    nan_is_equal
        Whether NaN = NaN holds, and NaN is above all numbers; else comparisons with NaN are false.
    casts_booleans
        Whether CAST turns a boolean into a DOUBLE.
    exact_literals
        Whether a number in E-notation is a decimal until it meets a DOUBLE.
    traps_underflow
        Whether a product or quotient too small for a DOUBLE is an error, not zero.
    has_epoch
        Whether EXTRACT(EPOCH FROM ...) has been verified for times, dates and timestamps.
    indexes_lists
        Whether `list_extract` of a literal list is the fast way to a step function.
    subscripts_arrays
        Whether the same holds for a subscript of a literal array.
    star_except
        Whether SELECT * can leave out columns.
    """

    name: str
    aliases: tuple[str, ...] = ()
    has_nan: bool = True
    nan_is_equal: bool = False
    casts_booleans: bool = True
    exact_literals: bool = False
    traps_underflow: bool = False
    has_epoch: bool = False
    indexes_lists: bool = False
    subscripts_arrays: bool = False
    star_except: bool = True


DIALECTS = (
    Dialect("duckdb", nan_is_equal=True, has_epoch=True, indexes_lists=True),
    Dialect(
        "postgres", ("postgresql",), nan_is_equal=True, casts_booleans=False, exact_literals=True,
        traps_underflow=True, has_epoch=True, star_except=False,
    ),
    Dialect("snowflake", nan_is_equal=True, exact_literals=True),
    Dialect("bigquery", casts_booleans=False),
    Dialect("spark", nan_is_equal=True),
    Dialect("databricks", nan_is_equal=True),
    Dialect("trino", star_except=False),
    Dialect("clickhouse"),
    Dialect("sqlite", has_nan=False, star_except=False),
)  # fmt: skip


def dialect_named(name: object) -> Dialect:
    """Return the dialect of a name or an alias, regardless of case.

    Raises
    ------
    UnknownDialect
        If there is none.

    Examples
    --------
    >>> dialect_named("PostgreSQL").name
    'postgres'
    """
    if isinstance(name, str):
        for dialect in DIALECTS:
            if name.casefold() in (dialect.name, *dialect.aliases):
                return dialect
    known = [known for dialect in DIALECTS for known in (dialect.name, *dialect.aliases)]
    raise UnknownDialect(
        f"dialect {shown(name)} is unknown",
        allowed=[dialect.name for dialect in DIALECTS],
        hint=did_you_mean(name, known) if isinstance(name, str) else "",
    )
