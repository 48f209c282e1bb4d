"""Columns of PostgreSQL as Arrow: gathered by aggregates in the types' binary form, a thousand times faster than rows.

A type is read as what it means to a detector (`adsql.arrow`): all whole numbers as int64, all others as float64,
`numeric` included, which becomes the nearest one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from adsql.arrow_memory import array_of
from adsql_udfs.postgres.server import query
from adsql_udfs.postgres.texts import sql
from adsql_udfs.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from adsql_udfs.postgres.server import Server

MAX_TEXT = 10_000  # characters of a text that count: an aggregate of longer ones would exceed what a value may hold
DAYS = 10_957  # from 1970, where Arrow begins, to 2000, where PostgreSQL does
MICROSECONDS = DAYS * 86_400_000_000
# NULL among floats: a NaN that no calculation makes. Segments tell it from NaN.
_NULL_BITS = 0x7FF8_0000_00AD_541F
NULL_FLOAT = _NULL_BITS.to_bytes(8, "big")
_WHOLE = 2.0**53
_DIGITS = 307  # before or after the point of a numeric whose values are all within a float's range


@dataclass(frozen=True)
class Column:
    """A column of a source.

    Parameters
    ----------
    name
        Its name.
    sql_type
        Its type as a column definition has it.
    form
        A key of `FORMS`.
    base
        The OID of its type, or of the type that a domain is made of.
    """

    name: str
    sql_type: str
    form: str
    base: int = 0


@dataclass(frozen=True)
class Form:
    """How values of a group of types travel.

    Parameters
    ----------
    aggregates
        SQL of the binary parts, with `{}` for the column.
    decode
        Makes an Arrow array of n values of them.
    """

    aggregates: tuple[str, ...]
    decode: Callable[[Sequence[bytes], int], pa.Array[Any]]


def is_built_in(column: Column) -> bool:
    """Return whether a column is of a built-in type that has a form: a cast of it is PostgreSQL's own."""
    return column.base in _FORM_OF


def aggregates(columns: Sequence[Column], table: str) -> list[str]:
    """Return the SQL of all parts of some columns, in order."""
    return [
        part.replace("{}", f"{table}.{identifier(column.name)}")
        for column in columns
        for part in FORMS[column.form].aggregates
    ]


def decoded(columns: Sequence[Column], parts: Sequence[bytes | None], n: int) -> dict[str, pa.Array[Any]]:
    """Return n rows of some columns from their parts, in order."""
    found: dict[str, pa.Array[Any]] = {}
    position = 0
    for column in columns:
        form = FORMS[column.form]
        end = position + len(form.aggregates)
        found[column.name] = (
            form.decode([part or b"" for part in parts[position:end]], n)
            if form.aggregates
            else no_values(column.sql_type, n)
        )
        position = end
    return found


def no_rows(columns: Sequence[Column]) -> dict[str, pa.Array[Any]]:
    """Return columns without rows: enough to tell whether a model can use them."""
    return decoded(columns, [None] * sum(len(FORMS[column.form].aggregates) for column in columns), 0)


def no_values(sql_type: str, n: int) -> pa.Array[Any]:
    """Return n missing values of a type that has no encoding, by the name that errors and `model_info` show."""
    storage = pa.nulls(n, pa.binary())
    return pa.ExtensionArray.from_storage(pa.opaque(pa.binary(), sql_type, "PostgreSQL"), storage)


def describe(plpy: Server, names: Sequence[str], types: Sequence[int], modifiers: Sequence[int]) -> list[Column]:
    """Return a result's columns."""
    known = _types(plpy, types, modifiers)
    return [Column(name, *known[key]) for name, key in zip(names, zip(types, modifiers, strict=True), strict=True)]


def form_of(base: int, category: str, modifier: int) -> str:
    """Return the form of a type by the OID of its base type and its category."""
    if category in ("E", "S"):  # enumerations and all kinds of text, citext among them
        return "text"
    if base == _NUMERIC and modifier >= 0:
        # The modifier is precision and scale, which may be negative, plus the header's four bytes.
        precision, scale = (modifier - 4) >> 16, (((modifier - 4) & 0x7FF) ^ 0x400) - 0x400
        if precision - scale > _DIGITS or scale > _DIGITS:
            return "numeric"
        return "float" if scale else "whole numeric"
    return _FORM_OF.get(base, "none")


def _types(
    plpy: Server, types: Sequence[int], modifiers: Sequence[int]
) -> Mapping[tuple[int, int], tuple[str, str, int]]:
    rows = query(plpy, sql("describe"), ["oid[]", "integer[]"], [list(types), list(modifiers)])
    return {
        (row["type"], row["modifier"]): (
            row["name"],
            form_of(row["base"], row["category"], row["base_modifier"]),
            row["base"],
        )
        for row in rows
    }


def _numbers(part: bytes, dtype: str) -> NDArray[Any]:
    values = np.frombuffer(part, dtype)
    return values.astype(values.dtype.newbyteorder("="))


def _missing(part: bytes) -> NDArray[np.bool_]:
    return np.frombuffer(part, np.bool_)


def _float(parts: Sequence[bytes], n: int) -> pa.Array[Any]:  # noqa: ARG001 - one signature for all
    nulls = np.frombuffer(parts[0], ">u8") == _NULL_BITS
    return array_of(_numbers(parts[0], ">f8"), nulls if nulls.any() else None)


def _single(parts: Sequence[bytes], n: int) -> pa.Array[Any]:
    return _float(parts, n).cast(pa.float32())


def _whole_numeric(parts: Sequence[bytes], n: int) -> pa.Array[Any]:
    values = _numbers(parts[0], ">f8")
    present = ~np.isnan(values)
    nulls = np.frombuffer(parts[0], ">u8") == _NULL_BITS
    if (present == nulls).any() or not (np.abs(values[present]) <= _WHOLE).all():
        return _float(parts, n)
    return array_of(np.where(present, values, 0.0).astype(np.int64), ~present)


def _whole(parts: Sequence[bytes], n: int) -> pa.Array[Any]:  # noqa: ARG001 - one signature for all
    return array_of(_numbers(parts[0], ">i8"), _missing(parts[1]))


def _boolean(parts: Sequence[bytes], n: int) -> pa.Array[Any]:  # noqa: ARG001 - one signature for all
    return array_of(_missing(parts[0]), _missing(parts[1]))


def _text(parts: Sequence[bytes], n: int) -> pa.Array[Any]:
    sizes = _numbers(parts[1], ">i4")
    offsets = np.zeros(n + 1, np.int64)
    np.cumsum(np.maximum(sizes, 0), out=offsets[1:])
    present = array_of(sizes >= 0)
    buffers = [present.buffers()[1], pa.py_buffer(offsets.tobytes()), pa.py_buffer(parts[0])]
    large: pa.Array[Any] = pa.Array.from_buffers(pa.large_string(), n, buffers)
    return large.cast(pa.string())


def timestamp_type(*, with_zone: bool) -> pa.DataType:
    """Return the Arrow type of a point in time."""
    return pa.timestamp("us", "UTC") if with_zone else pa.timestamp("us")


def _timestamp(*, with_zone: bool) -> Callable[[Sequence[bytes], int], pa.Array[Any]]:
    def decode(parts: Sequence[bytes], n: int) -> pa.Array[Any]:  # noqa: ARG001 - one signature for all
        values = shifted(_numbers(parts[0], ">i8"), MICROSECONDS)
        return array_of(values, _missing(parts[1])).cast(timestamp_type(with_zone=with_zone))

    return decode


def _date(parts: Sequence[bytes], n: int) -> pa.Array[Any]:  # noqa: ARG001 - one signature for all
    values = shifted(_numbers(parts[0], ">i4"), DAYS)
    return array_of(values, _missing(parts[1])).cast(pa.date32())


def _time(parts: Sequence[bytes], n: int) -> pa.Array[Any]:  # noqa: ARG001 - one signature for all
    return array_of(_numbers(parts[0], ">i8"), _missing(parts[1])).cast(pa.time64("us"))


def shifted(values: NDArray[Any], distance: int) -> NDArray[Any]:
    """Return values + distance; infinity, which is the largest number there is, stays."""
    limits = np.iinfo(values.dtype)
    result: NDArray[Any] = np.where(
        values <= limits.max - distance, values + np.array(distance, values.dtype), limits.max
    )
    return np.where(values == limits.min, values, result)


_NULLS = "pg_catalog.string_agg(pg_catalog.boolsend({} IS NULL), '')"


def _binary(cast: str, send: str, stand_in: str) -> tuple[str, str]:
    """Return the aggregates of values that have one size, and of which of them are missing."""
    value = f"{{}}::pg_catalog.{cast}"
    return (
        f"pg_catalog.string_agg(pg_catalog.{send}(COALESCE({value}, {stand_in}::pg_catalog.{cast})), '')",
        _NULLS,
    )


# Not written as a literal of bytes: its backslash is read otherwise where standard_conforming_strings is off.
_SENT_NULL = f"pg_catalog.decode('{NULL_FLOAT.hex()}', 'hex')"
_FLOATS = (f"pg_catalog.string_agg(COALESCE(pg_catalog.float8send({{}}::pg_catalog.float8), {_SENT_NULL}), '')",)
# Of numerics, some are beyond what a float can be: the server's cast raises an error, and the nearest float is one of
# the infinities, or zero. These are the exact limits.
_TOO_LARGE = f"{2**1024 - 2**970}::pg_catalog.numeric"
_TOO_SMALL = f"{5**1075}e-1075::pg_catalog.numeric"
_NUMERICS = (
    "".join(
        [
            "pg_catalog.string_agg(COALESCE(pg_catalog.float8send(CASE",
            " WHEN {} OPERATOR(pg_catalog.=) 'NaN'::pg_catalog.numeric THEN 'NaN'::pg_catalog.float8",
            f" WHEN pg_catalog.abs({{}}) OPERATOR(pg_catalog.<=) {_TOO_SMALL} THEN 0::pg_catalog.float8",
            f" WHEN {{}} OPERATOR(pg_catalog.>=) {_TOO_LARGE} THEN 'Infinity'::pg_catalog.float8",
            f" WHEN {{}} OPERATOR(pg_catalog.<=) (OPERATOR(pg_catalog.-) {_TOO_LARGE})",
            " THEN '-Infinity'::pg_catalog.float8",
            f" ELSE {{}}::pg_catalog.float8 END), {_SENT_NULL}), '')",
        ]
    ),
)
_CUT = f"pg_catalog.convert_to(pg_catalog.left({{}}::pg_catalog.text, {MAX_TEXT}), 'UTF8')"
FORMS = {
    "float": Form(_FLOATS, _float),
    "whole numeric": Form(_FLOATS, _whole_numeric),
    "single": Form(_FLOATS, _single),  # as text, in the key of a segment, 0.1 and not 0.10000000149
    "numeric": Form(_NUMERICS, _float),
    "whole": Form(_binary("int8", "int8send", "0"), _whole),
    "boolean": Form(_binary("bool", "boolsend", "false"), _boolean),
    "text": Form(
        (
            f"pg_catalog.string_agg(COALESCE({_CUT}, ''), '')",
            f"pg_catalog.string_agg(pg_catalog.int4send(COALESCE(pg_catalog.octet_length({_CUT}), -1)), '')",
        ),
        _text,
    ),
    "timestamp": Form(_binary("timestamp", "timestamp_send", "'2000-01-01'"), _timestamp(with_zone=False)),
    "timestamptz": Form(_binary("timestamptz", "timestamptz_send", "'2000-01-01'"), _timestamp(with_zone=True)),
    "date": Form(_binary("date", "date_send", "'2000-01-01'"), _date),
    "time": Form(_binary("time", "time_send", "'00:00'"), _time),
    "none": Form((), lambda _, n: no_values("none", n)),
}
_NUMERIC = 1700
# By the OIDs of built-in types, which never change. No others: a cast of a user's type would run a user's function.
_FORM_OF = {
    16: "boolean", 18: "text", 19: "text", 20: "whole", 21: "whole", 23: "whole", 25: "text", 700: "single",
    701: "float", 1042: "text", 1043: "text", 1082: "date", 1083: "time", 1114: "timestamp", 1184: "timestamptz",
    _NUMERIC: "numeric",
}  # fmt: skip
