"""Single fields of a row as the numbers that a model makes of them: the same as from whole columns, without Arrow.

A text or a date is looked up where the session has met it before; points in time, which seldom come again, are
computed. Making arrays of one value for each row takes twenty times as long.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from adsql.arrow import Kind, kind_of
from adsql_udfs.postgres.columns import MICROSECONDS, Column, decoded, no_rows, shifted
from adsql_udfs.postgres.records import fields, number, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from adsql.arrow import Floats
    from adsql.encodings import Feature

    Read: TypeAlias = Callable[[bytes | None], tuple[float, ...]]

_REMEMBERED = 10_000
_LONG = 200  # bytes: what is longer is no category, and is not remembered
_PER_SECOND = 1e6


@dataclass(frozen=True)
class Cells:
    """Reads the features of a model that has one segment.

    Parameters
    ----------
    columns
        Of each column that the model uses: its place in the row, what reads it, and the places of its features.
    n_features
        How many there are.
    """

    columns: tuple[tuple[int, Read, tuple[int, ...]], ...]
    n_features: int

    def values(self, data: bytes) -> Floats:
        """Return a raw number for each feature, NaN for NULL."""
        found = fields(data)
        values = [math.nan] * self.n_features
        for position, read, places in self.columns:
            for place, value in zip(places, read(found[position][1]), strict=True):
                values[place] = value
        return np.array(values, np.float64)


def cells(features: Sequence[Feature], columns: Sequence[tuple[Column, int]], encoding: str) -> Cells | None:
    """Return what reads the features off rows with some columns; None where a column's kind is not the feature's.

    Parameters
    ----------
    features
        A model's, in its order.
    columns
        The columns of the row that it uses, and their places.
    encoding
        Of the server's text.
    """
    kinds = {name: kind_of(array.type) for name, array in no_rows([column for column, _ in columns]).items()}
    readers: list[tuple[int, Read, tuple[int, ...]]] = []
    for column, position in columns:
        places = tuple(i for i, one in enumerate(features) if one.column.casefold() == column.name.casefold())
        of_column = [features[place] for place in places]
        if any(feature.kind is not kinds[column.name] for feature in of_column):
            return None
        readers.append((position, _reader(column, of_column, encoding), places))
    return Cells(tuple(readers), len(features))


def _reader(column: Column, features: Sequence[Feature], encoding: str) -> Read:
    read = number(column.base)
    if read is not None:
        return lambda value: (math.nan if value is None else read(value),)
    if features[0].kind is Kind.TIMESTAMP:
        return lambda value: _moment(features, value)
    return _Remembered(column, features, encoding)


def _moment(features: Sequence[Feature], value: bytes | None) -> tuple[float, ...]:
    if value is None:
        return (math.nan,) * len(features)
    stored = np.array([int.from_bytes(value, "big", signed=True)], np.int64)
    seconds = shifted(stored, MICROSECONDS).astype(np.float64) / _PER_SECOND
    return tuple(float(feature.coordinates(seconds)[0]) for feature in features)


class _Remembered:
    """Reads a column's fields as whole columns are read, each of its values once."""

    def __init__(self, column: Column, features: Sequence[Feature], encoding: str) -> None:
        self._column, self._features, self._encoding = column, features, encoding
        self._known: dict[bytes | None, tuple[float, ...]] = {}

    def __call__(self, value: bytes | None) -> tuple[float, ...]:
        """Return a number for each feature of the column."""
        known = self._known.get(value)
        if known is not None:
            return known
        column = self._column
        array = decoded([column], parts(column.form, column.base, value, self._encoding), 1)[column.name]
        found = tuple(float(feature.raw(array)[0]) for feature in self._features)
        if value is None or len(value) <= _LONG:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[value] = found
        return found
