"""Rows as JSON objects, as databases write them: to_json of DuckDB, to_jsonb of PostgreSQL."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from adsql.arrow import Kind
from adsql.errors import ColumnTypeChanged, InvalidSource
from adsql.wording import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from adsql.model import Model


def json_columns(model: Model, row: str, max_text: int | None = None) -> dict[str, pa.Array[Any]]:
    """Return the columns of a JSON object, of one value each; strings are read as what the model's columns hold.

    Parameters
    ----------
    model
        The model.
    row
        The object as text, as a database writes a row.
    max_text
        How many characters of a text count; None for all.

    Raises
    ------
    InvalidSource
        If it is no JSON object.
    ColumnTypeChanged
        If a text is none of what its column held in training.

    Examples
    --------
    >>> from adsql.model import Model
    >>> from adsql.options import TrainingOptions
    >>> model = Model.fit({"x": pa.array([1.0, 2.0, 4.0])}, TrainingOptions.parse("mad"))
    >>> json_columns(model, '{"x": "NaN"}')["x"].to_pylist()
    [nan]
    """
    try:
        given = json.loads(row)
    except (ValueError, RecursionError) as error:
        raise InvalidSource(
            f"row = {shown(row)} is no JSON ({error})", allowed="an object of columns by name"
        ) from error
    if not isinstance(given, dict):
        raise InvalidSource(f"row = {shown(given)} is no JSON object", allowed="an object of columns by name")
    kinds = {
        feature.column.casefold(): feature.kind
        for segment in model.segments.values()
        for feature in segment.features.features
    }
    for name, kind in zip(model.segment_by, model.segment_kinds, strict=False):  # older models have no kinds
        if kind in _READERS:
            kinds[name.casefold()] = Kind(kind)
    return {name: _json_value(name, value, kinds.get(name.casefold()), max_text) for name, value in given.items()}


def _json_value(name: str, value: object, kind: Kind | None, max_text: int | None) -> pa.Array[Any]:
    if isinstance(value, str):
        if kind is None or kind is Kind.TEXT:
            return pa.array([value[:max_text]])
        try:
            return _moment(kind, value) or _READERS[kind](value)
        except ValueError as error:
            raise ColumnTypeChanged(
                f"column {name!r} has the value {shown(value)}, in training it held {kind} values",
                allowed=f"a {kind}, as the database writes it in JSON",
            ) from error
    if isinstance(value, dict | list):
        return _NESTED
    if isinstance(value, int) and value.bit_length() >= _INTEGER_BITS:
        return pa.array([float(Decimal(value))])  # Decimal's own conversion makes infinity of what no float can be
    return pa.array([value])


def _moment(kind: Kind, text: str) -> pa.Array[Any] | None:
    """Return what only PostgreSQL has: infinite points in time, as `columns` reads them, and the end of a day."""
    if kind is Kind.TIME and text == "24:00:00":
        return pa.array([_DAY], pa.int64()).cast(pa.time64("us"))
    if kind in _STORED and text in ("infinity", "-infinity"):
        stored, moment = _STORED[kind]
        limits = np.iinfo(stored)
        return pa.array([limits.max if text == "infinity" else limits.min], pa.from_numpy_dtype(stored)).cast(moment)
    return None


_STORED: dict[Kind, tuple[Any, pa.DataType]] = {
    Kind.TIMESTAMP: (np.int64, pa.timestamp("us")),
    Kind.DATE: (np.int32, pa.date32()),
}
_NESTED = pa.ExtensionArray.from_storage(pa.opaque(pa.binary(), "json", "JSON"), pa.nulls(1, pa.binary()))
_DAY = 86_400_000_000  # microseconds
_INTEGER_BITS = 64  # of Arrow's and Python's widest common integer, with its sign


_READERS: dict[Kind, Callable[[str], pa.Array[Any]]] = {
    # JSON has no such numbers: to_jsonb writes NaN and the infinities as strings.
    Kind.NUMBER: lambda text: pa.array([float(text)]),
    Kind.TIMESTAMP: lambda text: pa.array([_utc(dt.datetime.fromisoformat(text))], pa.timestamp("us")),
    Kind.DATE: lambda text: pa.array([dt.date.fromisoformat(text)]),
    Kind.TIME: lambda text: pa.array([dt.time.fromisoformat(text)], pa.time64("us")),
}


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo is None else moment.astimezone(dt.UTC).replace(tzinfo=None)
