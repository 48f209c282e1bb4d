r"""Which segment a row belongs to: the values of the segment columns as text, joined.

Values cannot be mistaken for each other: a backslash and the separator are escaped, and NULL is ``\N``, which no
escaped value is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adsql.arrow import column_named, to_text
from adsql.errors import UnknownColumn, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adsql.arrow import Columns

_KEY_SEPARATOR = "\x1f"  # ASCII's unit separator: between the values of a segment's key
_NULL_KEY = "\\N"
_ESCAPES = (("\\", "\\\\"), (_KEY_SEPARATOR, "\\u"))


def segment_keys(table: Columns, segment_by: Sequence[str]) -> pa.StringArray:
    """Return the key of the segment that each row belongs to: the columns' values as text, joined."""
    texts = [_escaped(to_text(table[existing_column(name, table)])) for name in segment_by]
    if len(texts) == 1:
        return texts[0]
    join: Any = pc.binary_join_element_wise  # its stubs do not know of a separator as the last argument
    return cast("pa.StringArray", join(*texts, _KEY_SEPARATOR))


def _escaped(text: pa.StringArray) -> pa.StringArray:
    for special, escape in _ESCAPES:
        text = pc.replace_substring(text, pattern=special, replacement=escape)
    return cast("pa.StringArray", text.fill_null(_NULL_KEY))


def segment_rows(table: Columns, segment_by: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """Return the row numbers of each segment by key, in the order of keys."""
    encoded = segment_keys(table, segment_by).dictionary_encode()
    codes = encoded.indices.to_numpy()
    if not len(codes):
        return {}
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    rows = dict(zip((encoded.dictionary[int(codes[part[0]])].as_py() for part in parts), parts, strict=True))
    return dict(sorted(rows.items()))


def existing_column(name: str, table: Columns, option: str = "segment_by") -> str:
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
