"""Types of PostgreSQL and of Arrow: of rows that are lent to the server, and of those that come back."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from adsql_server.problems import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import Column

_TEXT = "text"
_MOST_DIGITS = 38
_UTC = "UTC"
# By the OID of the type, which never changes.
_ARROW: dict[int, pa.DataType] = {
    16: pa.bool_(), 17: pa.binary(), 20: pa.int64(), 21: pa.int16(), 23: pa.int32(), 26: pa.int64(),
    700: pa.float32(), 701: pa.float64(), 1082: pa.date32(), 1083: pa.time64("us"), 1114: pa.timestamp("us"),
    1184: pa.timestamp("us", _UTC), 1186: pa.duration("us"),
    1000: pa.list_(pa.bool_()), 1005: pa.list_(pa.int16()), 1007: pa.list_(pa.int32()), 1016: pa.list_(pa.int64()),
    1021: pa.list_(pa.float32()), 1022: pa.list_(pa.float64()), 1009: pa.list_(pa.string()),
    1015: pa.list_(pa.string()),
}  # fmt: skip
_NUMERIC = 1700
_COLUMNS = (
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_uint64, "numeric"),
    (pa.types.is_integer, "bigint"),
    (pa.types.is_floating, "double precision"),
    (pa.types.is_decimal, "numeric"),
    (pa.types.is_date, "date"),
    (pa.types.is_time, "time"),
)


def column_type(dtype: pa.DataType) -> str:
    """Return the type of a column that takes an Arrow column's values.

    >>> column_type(pa.int8()), column_type(pa.timestamp("ns", "UTC")), column_type(pa.null())
    ('bigint', 'timestamptz', 'text')
    """
    if pa.types.is_timestamp(dtype):
        return "timestamptz" if getattr(dtype, "tz", None) else "timestamp"
    return next((name for is_such, name in _COLUMNS if is_such(dtype)), _TEXT)


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """Return the schema of a result.

    Raises
    ------
    InvalidRequest
        If two columns have one name.
    """
    names = [column.name for column in columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidRequest(f"two columns are named {twice[0]!r}", hint="give them different names")
    return pa.schema([pa.field(column.name, _arrow(column)) for column in columns])


def batch_of(schema: pa.Schema, rows: Sequence[tuple[Any, ...]]) -> pa.RecordBatch:
    """Return rows as a batch."""
    columns = [
        pa.array([_value(value, field.type) for value in values], field.type)
        for field, values in zip(schema, zip(*rows, strict=True), strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _arrow(column: Column) -> pa.DataType:
    if column.type_code == _NUMERIC:
        precision, scale = column.precision, column.scale
        if precision and scale is not None and 0 <= scale <= precision <= _MOST_DIGITS:
            return pa.decimal128(precision, scale)
        return pa.float64()
    return _ARROW.get(column.type_code, pa.string())


def _value(value: Any, dtype: pa.DataType) -> Any:  # noqa: ANN401 - whatever the server can return
    """Return a value as Arrow takes it for a type: what Arrow has no type for is text."""
    if value is None:
        return None
    if pa.types.is_string(dtype) and not isinstance(value, str):
        return json.dumps(value, default=str) if isinstance(value, dict | list) else str(value)
    if pa.types.is_floating(dtype) and isinstance(value, Decimal):
        return float(value)
    if pa.types.is_decimal(dtype) and not value.is_finite():
        return None
    return value
