r"""Which segment a row belongs to: the values of the segment columns as text, joined.

Values cannot be mistaken for each other: a backslash and the separator are escaped, and NULL is ``\N``, which no
escaped value is. Equal values of different types have one text: 1, 1.0 and the decimal 1.00, a timestamp in
seconds and one in microseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa

from adsql.arrow import Kind, column_named, compute, kind_of, missing, taken, to_text
from adsql.arrow_memory import array_of, numbers, texts
from adsql.errors import ColumnTypeChanged, InvalidOption, UnknownColumn
from adsql.wording import did_you_mean, listing

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from adsql.arrow import Columns

_KEY_SEPARATOR = "\x1f"  # ASCII's unit separator: between the values of a segment's key
_NULL_KEY = "\\N"
_ESCAPES = (("\\", "\\\\"), (_KEY_SEPARATOR, "\\u"))
_BOOLEAN = "boolean"  # as a number TRUE would be 1; as a segment it reads better as it is
# Zeros behind a decimal's or a time's last digit.
_NEEDLESS = ((r"(\.[0-9]*[1-9])0+$", r"\1"), (r"\.0+$", ""))
_EXACT_INTEGERS = 2.0**63


def segment_keys(table: Columns, segment_by: Sequence[str]) -> pa.StringArray:
    """Return the key of the segment that each row belongs to: the columns' values as text, joined; '' without any."""
    if not segment_by:
        return texts([""] * len(next(iter(table.values()), ())))
    parts = [_escaped(value_text(table[existing_column(name, table)])) for name in segment_by]
    if len(parts) == 1:
        return parts[0]
    return cast("pa.StringArray", compute().binary_join_element_wise(*parts, texts([_KEY_SEPARATOR])[0]))


def segment_kinds(table: Columns, segment_by: Sequence[str]) -> tuple[str, ...]:
    """Return the kind of each segment column's values: another kind has other keys."""
    return tuple(_kind(table[existing_column(name, table)]) for name in segment_by)


def check_kinds(table: Columns, segment_by: Sequence[str], trained: Sequence[str]) -> None:
    """Raise if a segment column holds another kind of values than in training, so that no segment would be found.

    Raises
    ------
    ColumnTypeChanged
        Naming the column and both kinds.
    """
    for name, found, before in zip(segment_by, segment_kinds(table, segment_by), trained, strict=True):
        if found != before and Kind.MISSING not in (found, before):
            raise ColumnTypeChanged(
                f"segment_by: column {name!r} holds {found} values, in training it held {before} values",
                allowed=f"a {before} type",
                hint="cast the column, or train the model again",
            )


def _kind(column: pa.Array[Any]) -> str:
    kind = kind_of(column.type)
    if kind is Kind.TEXT and bool(missing(column).all()):
        return Kind.MISSING  # an empty column of a CSV file is one of text
    return _BOOLEAN if pa.types.is_boolean(column.type) else kind


def value_text(column: pa.Array[Any]) -> pa.StringArray:
    """Return values as text, the same for equal values of different types; NULL where missing."""
    kind = kind_of(column.type)
    if pa.types.is_floating(column.type):
        return _float_text(column)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp(column.type.unit))  # in UTC, whatever the session's time zone
    text = to_text(column)
    if kind in (Kind.NUMBER, Kind.TIMESTAMP, Kind.TIME):
        for pattern, replacement in _NEEDLESS:
            text = compute().replace_substring_regex(text, pattern=pattern, replacement=replacement)
    return text


def _float_text(column: pa.Array[Any]) -> pa.StringArray:
    """Return floats as text, whole ones as integers are: not 1e+15."""
    gone = missing(column)
    values = np.where(gone, np.nan, numbers(column.cast(pa.float64())))
    whole = (np.trunc(values) == values) & (np.abs(values) < _EXACT_INTEGERS)
    integers = array_of(np.where(whole, values, 0.0).astype(np.int64), gone)
    return cast("pa.StringArray", compute().if_else(array_of(whole), to_text(integers), to_text(column)))


def _escaped(text: pa.StringArray) -> pa.StringArray:
    for special, escape in _ESCAPES:
        text = compute().replace_substring(text, pattern=special, replacement=escape)
    return cast("pa.StringArray", compute().coalesce(text, texts([_NULL_KEY])[0]))


def segment_rows(table: Columns, segment_by: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """Return the row numbers of each segment by key, in the order of keys."""
    encoded = segment_keys(table, segment_by).dictionary_encode()
    codes = numbers(encoded.indices)
    if not len(codes):
        return {}
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    rows = dict(zip((encoded.dictionary[int(codes[part[0]])].as_py() for part in parts), parts, strict=True))
    return dict(sorted(rows.items()))


def existing_column(name: str, table: Collection[str], option: str = "segment_by") -> str:
    """Return the table's own spelling of the name of a column that an option names.

    Raises
    ------
    UnknownColumn
        If the table has no such column.
    """
    found = column_named(name, table)
    if found is None:
        raise UnknownColumn(f"{option}: column {name!r} does not exist", allowed=table, hint=did_you_mean(name, table))
    return found


def key_values(key: str) -> tuple[str | None, ...]:
    """Return the texts of the segment columns' values that a key stands for; None for NULL."""
    return tuple(None if value == _NULL_KEY else _unescaped(value) for value in key.split(_KEY_SEPARATOR))


def key_text(key: str) -> str:
    """Return a segment's key for people."""
    return ", ".join("NULL" if value is None else value for value in key_values(key))


def _unescaped(value: str) -> str:
    parts = value.split("\\\\")  # no escape reaches across an escaped backslash
    return "\\".join(part.replace("\\u", _KEY_SEPARATOR) for part in parts)


def split_rows(table: Columns, segment_by: Sequence[str], most: int) -> dict[str, Columns]:
    """Return a table's rows by segment; the key of a table without segments is ''.

    Raises
    ------
    InvalidOption
        If there are more segments than `most`.
    """
    if not segment_by:
        return {"": table}
    rows = segment_rows(table, segment_by)
    if len(rows) > most:
        raise InvalidOption(
            f"segment_by {listing(segment_by)} makes more than {most:,} segments",
            allowed=f"at most {most:,}",
            hint="choose a coarser column",
        )
    return {key: taken(table, index) for key, index in rows.items()}
