"""Which groups of rows anomalies come from: the values and ranges that are more frequent among them than elsewhere.

Every value of a dimension, every range of a tenth of its rows where it has many numbers, and every pair of these from
two dimensions is a segment. Each is tested whether it holds more anomalies than chance would put there: Fisher's exact
test, one-sided. Holm's correction makes p-values of all these tests hold together: where anomalies have nothing to do
with the dimensions, at most one call in twenty reports anything.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from adsql.arrow import Kind, kind_of, missing, to_float64, to_text
from adsql.errors import EmptySource, InvalidOption, UnusableColumn
from adsql.hypergeometric import at_least
from adsql.labels import label_values
from adsql.segment_keys import existing_column, value_text
from adsql.wording import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from adsql.arrow import Columns, Floats

LEVEL = 0.05
_RANGES = 10
_MOST_VALUES = 50  # of a dimension, the most frequent: others are too few to tell
_FEW_NUMBERS = 20  # distinct ones that are values rather than ranges


class Contrast(NamedTuple):
    """A segment with more anomalies than chance would put there.

    Parameters
    ----------
    segment
        In words: ``kind = 'night'``, ``km in [3, 8]``, or two of these with ``and``.
    rows, anomalies
        Rows of the segment, and how many of them are anomalies.
    support
        The share of all anomalies that lie in it.
    lift
        How many times more frequent anomalies are in it than in all rows.
    p_value
        That chance alone puts as many there, corrected for all segments that were looked at.
    """

    segment: str
    rows: int
    anomalies: int
    support: float
    lift: float
    p_value: float


class _Dimension(NamedTuple):
    """The segments of a column, of which a row is in one at most: its place among the names, -1 for none."""

    names: list[str]
    places: NDArray[np.int64]


class _Tested(NamedTuple):
    """A segment, and the lift that it has to exceed."""

    name: str
    rows: int
    anomalies: int
    floor: float


def contrast(table: Columns, flag: object, dimensions: object) -> list[Contrast]:
    """Return the segments that are over-represented among anomalies, the surest first.

    Rows whose flag is not known count for nothing. A pair is reported only if its lift exceeds those of both of
    its parts. O(n d^2) for d dimensions.

    Parameters
    ----------
    table
        Columns by name, n rows.
    flag
        The name of the column that says which rows are anomalies: TRUE or 1, FALSE or 0, NULL for unknown.
    dimensions
        Names of the columns to look at.

    Raises
    ------
    InvalidOption, UnknownColumn, UnusableColumn
        If they cannot be used.
    EmptySource
        If no row has a flag.

    Examples
    --------
    >>> night = [i % 4 == 0 for i in range(400)]
    >>> table = {"kind": pa.array(["night" if n else "day" for n in night]), "wrong": pa.array(night)}
    >>> [(found.segment, found.support, found.lift) for found in contrast(table, "wrong", ["kind"])]
    [("kind = 'night'", 1.0, 4.0)]
    """
    labels, names = checked(table, flag, dimensions)
    known = ~np.isnan(labels)
    if not known.any():
        raise EmptySource("no row has a flag", hint="check that the column is not NULL everywhere")
    rows = pa.array(np.flatnonzero(known), pa.int64())
    is_anomaly = labels[known] == 1.0
    n, anomalies = len(is_anomaly), int(is_anomaly.sum())
    singles = [_dimension(name, table[name].take(rows)) for name in names]
    tested = [one for dimension in singles for one in _counted(dimension, is_anomaly)]
    lifts = {one.name: _lift(one, anomalies, n) for one in tested}
    for pair in combinations(singles, 2):
        tested += _crossed(*pair, is_anomaly, lifts)
    return _significant(tested, anomalies, n)


def checked(table: Columns, flag: object, dimensions: object) -> tuple[Floats, list[str]]:
    """Return the flags of rows as `label_values` does, and the table's own names of the dimensions."""
    if not isinstance(flag, str) or not flag:
        raise InvalidOption(f"flag = {shown(flag)} cannot be used", allowed="the name of a column")
    given = [dimensions] if isinstance(dimensions, str) else dimensions
    if not isinstance(given, list | tuple) or not given or not all(isinstance(name, str) and name for name in given):
        raise InvalidOption(f"dimensions = {shown(dimensions)} cannot be used", allowed="a list of column names")
    names = list(dict.fromkeys(existing_column(name, table, "dimensions") for name in given))
    for name in names:
        if kind_of(table[name].type) is Kind.UNSUPPORTED:
            raise UnusableColumn(
                f"dimensions: column {name!r} has type {table[name].type}", allowed="numbers, text, times and dates"
            )
    own = existing_column(flag, table, "flag")
    return label_values(own, table[own], "flag"), names


def _dimension(name: str, column: pa.Array[Any]) -> _Dimension:
    """Return the values or ranges of a column."""
    kind = kind_of(column.type)
    empty = missing(column)
    names, places = [], np.full(len(column), -1)
    if empty.any():
        names, places[empty] = [f"{name} is NULL"], 0
    rows = np.flatnonzero(~empty)
    there = column.take(pa.array(rows, pa.int64()))
    codes = to_text(there).dictionary_encode().indices.to_numpy() if kind is Kind.TEXT else to_float64(there)
    values, first, place, counts = np.unique(codes, return_index=True, return_inverse=True, return_counts=True)
    if kind is Kind.TEXT or len(values) <= _FEW_NUMBERS:
        texts = value_text(there.take(pa.array(first, pa.int64()))).to_pylist()
        frequent = sorted(range(len(values)), key=lambda k: (-counts[k], texts[k]))[:_MOST_VALUES]
        new = np.full(len(values), -1)
        new[frequent] = len(names) + np.arange(len(frequent))
        places[rows] = new[place]
        return _Dimension([*names, *(f"{name} = {_quoted(str(texts[k]), kind)}" for k in frequent)], places)
    edges = np.unique(np.quantile(codes, np.linspace(0.0, 1.0, _RANGES + 1), method="inverted_cdf"))
    among = np.clip(np.searchsorted(edges, codes, "left") - 1, 0, len(edges) - 2)
    for k in np.unique(among):
        inside = np.flatnonzero(among == k)
        ends = [inside[codes[inside].argmin()], inside[codes[inside].argmax()]]
        low, high = value_text(there.take(pa.array(ends, pa.int64()))).to_pylist()
        places[rows[inside]] = len(names)
        names.append(f"{name} in [{low}, {high}]")
    return _Dimension(names, places)


def _counted(dimension: _Dimension, is_anomaly: NDArray[np.bool_]) -> list[_Tested]:
    inside = dimension.places >= 0
    rows, anomalies = (
        np.bincount(dimension.places[chosen], minlength=len(dimension.names)).tolist()
        for chosen in (inside, inside & is_anomaly)
    )
    return [_Tested(*counts, 1.0) for counts in zip(dimension.names, rows, anomalies, strict=True)]


def _crossed(
    one: _Dimension, other: _Dimension, is_anomaly: NDArray[np.bool_], lifts: Mapping[str, float]
) -> list[_Tested]:
    """Return all pairs of segments, each of which has to exceed the lifts of its parts."""
    pairs = [(a, b) for a in one.names for b in other.names]
    inside = (one.places >= 0) & (other.places >= 0)
    places = np.where(inside, one.places * len(other.names) + other.places, -1)
    crossed = _counted(_Dimension([f"{a} and {b}" for a, b in pairs], places), is_anomaly)
    return [tested._replace(floor=max(1.0, lifts[a], lifts[b])) for tested, (a, b) in zip(crossed, pairs, strict=True)]


def _quoted(value: str, kind: Kind) -> str:
    return value if kind is Kind.NUMBER else repr(value)


def _lift(segment: _Tested, anomalies: int, n: int) -> float:
    expected = segment.rows * anomalies
    return segment.anomalies * n / expected if expected else 0.0


def _significant(tested: list[_Tested], anomalies: int, n: int) -> list[Contrast]:
    found = [(at_least(segment.anomalies, segment.rows, anomalies, n), segment) for segment in tested]
    found.sort(key=lambda one: one[0])
    result, corrected = [], 0.0
    for place, (chance, segment) in enumerate(found):
        corrected = max(corrected, min(chance * (len(found) - place), 1.0))
        if corrected > LEVEL:
            break
        lift = _lift(segment, anomalies, n)
        if lift > segment.floor:
            share = segment.anomalies / anomalies
            result.append(Contrast(segment.name, segment.rows, segment.anomalies, share, lift, corrected))
    return sorted(result, key=lambda one: (one.p_value, -one.lift, one.segment))
