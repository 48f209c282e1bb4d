"""Rows in PostgreSQL's binary form: a record's fields, as the parts that `columns` makes Arrow of."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

from adsql_udfs.postgres.columns import MAX_TEXT, NULL_FLOAT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_FIELD = struct.Struct(">Ii")
_DOUBLE = struct.Struct(">d")
_SINGLE = struct.Struct(">f")
_NUMERIC = struct.Struct(">hhHh")
_NAN, _INFINITY, _MINUS_INFINITY, _MINUS = 0xC000, 0xD000, 0xF000, 0x4000
_HEADER = 4
_PADDED = 1042  # char(n)


def fields(data: bytes) -> list[tuple[int, bytes | None]]:
    r"""Return the type's OID and the value of each field of what `record_send` made; None for NULL.

    Examples
    --------
    >>> fields(bytes.fromhex("00000002 00000017 00000004 0000002a 00000019 ffffffff"))
    [(23, b'\x00\x00\x00*'), (25, None)]
    """
    found: list[tuple[int, bytes | None]] = []
    position, size = _HEADER, len(data)
    while position < size:
        oid, length = _FIELD.unpack_from(data, position)
        position += _FIELD.size
        if length < 0:
            found.append((oid, None))
        else:
            found.append((oid, data[position : position + length]))
            position += length
    return found


def layout(types: Sequence[int], wanted: Sequence[int]) -> struct.Struct | None:
    """Return what unpacks some fields of a record at once, provided that none of its fields is NULL.

    Parameters
    ----------
    types
        The OIDs of the record's fields.
    wanted
        Positions of numbers and booleans among them, ascending.

    Returns
    -------
    struct.Struct or None
        Its size is that of a record without NULLs, which is longer than any other. None if a field has no fixed size.

    Examples
    --------
    >>> both = layout([23, 1082, 701], [0, 2])
    >>> both.size if both else None, both.format if both else None
    (44, '>4x8xi8x4x8xd')
    """
    if not all(oid in _WIDTHS for oid in types) or not all(types[position] in _CODES for position in wanted):
        return None
    parts = (_CODES[oid] if i in wanted else f"{_WIDTHS[oid]}x" for i, oid in enumerate(types))
    return struct.Struct(f">{_HEADER}x" + "".join(f"{_FIELD.size}x{part}" for part in parts))


def numeric(data: bytes) -> float:
    """Return the float nearest to a numeric: digits in base 10,000, of which the first has a weight.

    Examples
    --------
    >>> numeric(bytes.fromhex("0002 0000 0000 0002 000c 1388"))
    12.5
    """
    count, weight, sign, _ = _NUMERIC.unpack_from(data)
    special = {_NAN: math.nan, _INFINITY: math.inf, _MINUS_INFINITY: -math.inf}
    if sign in special:
        return special[sign]
    digits = 0
    for digit in struct.unpack_from(f">{count}h", data, _NUMERIC.size):
        digits = digits * 10_000 + digit
    power = 4 * (weight - count + 1)
    # Of whole numbers, Python's quotient is the nearest float.
    value = _nearest(digits * 10**power, 1) if power >= 0 else _nearest(digits, 10**-power)
    return -value if sign == _MINUS else value


def number(oid: int) -> Callable[[bytes], float] | None:
    r"""Return what reads a number or a boolean of a type; None where it is something else.

    Examples
    --------
    >>> reader = number(21)
    >>> reader(b"\xff\xfe") if reader else None
    -2.0
    """
    return _NUMBERS.get(oid)


def parts(form: str, oid: int, value: bytes | None, encoding: str) -> list[bytes]:
    """Return the binary parts of one row's value in a column of a form.

    Parameters
    ----------
    form
        A key of `columns.FORMS`.
    oid
        The base type of the value.
    value
        The field; None for NULL.
    encoding
        Python's name of the client's encoding, in which the server writes text.
    """
    if form in ("float", "single", "numeric", "whole numeric"):
        return [NULL_FLOAT if value is None else _DOUBLE.pack(_NUMBERS[oid](value))]
    if form == "text":
        if value is None:
            return [b"", struct.pack(">i", -1)]
        text = value.decode(encoding)
        if oid == _PADDED:
            text = text.rstrip(" ")  # as the server's cast to text does
        data = text[:MAX_TEXT].encode()
        return [data, struct.pack(">i", len(data))]
    if form == "none":
        return []
    if value is None:
        return [bytes(_SIZES[form]), b"\x01"]
    if form == "whole":
        value = int.from_bytes(value, "big", signed=True).to_bytes(8, "big", signed=True)
    return [value, b"\x00"]


def _nearest(above: int, below: int) -> float:
    try:
        return above / below
    except OverflowError:
        return math.inf


def _whole(value: bytes) -> float:
    return float(int.from_bytes(value, "big", signed=True))


_NUMBERS: dict[int, Callable[[bytes], float]] = {
    16: lambda value: float(value != b"\x00"),
    20: _whole, 21: _whole, 23: _whole,
    700: lambda value: float(_SINGLE.unpack(value)[0]),
    701: lambda value: float(_DOUBLE.unpack(value)[0]),
    1700: numeric,
}  # fmt: skip
# Types of one size; those that are numbers, as struct reads them.
_CODES = {16: "?", 20: "q", 21: "h", 23: "i", 700: "f", 701: "d"}
_WIDTHS = {16: 1, 20: 8, 21: 2, 23: 4, 700: 4, 701: 8, 1082: 4, 1083: 8, 1114: 8, 1184: 8, 2950: 16}
_SIZES = {"whole": 8, "boolean": 1, "timestamp": 8, "timestamptz": 8, "date": 4, "time": 8}
