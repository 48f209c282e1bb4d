"""Which groups of rows anomalies come from: the values and ranges that are more frequent among them than elsewhere.

Every value of a dimension, every range of a tenth of its rows where it has many numbers, and every pair of these from
two dimensions is a segment. Each is tested whether it holds more anomalies than chance would put there: Fisher's exact
test, one-sided. Holm's correction makes p-values of all these tests hold together: where anomalies have nothing to do
with the dimensions, at most one call in twenty reports anything.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from adsql.arrow import Kind, kind_of, missing, to_float64
from adsql.errors import EmptySource, InvalidOption, UnusableColumn
from adsql.labels import label_values
from adsql.segment_keys import existing_column, value_text
from adsql.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

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


class _Segment(NamedTuple):
    name: str
    rows: NDArray[np.bool_]


def contrast(table: Columns, flag: object, dimensions: object) -> list[Contrast]:
    """Return the segments that are over-represented among anomalies, the surest first.

    Rows whose flag is not known count for nothing. A pair is reported only if its lift exceeds those of both of
    its parts. O(n s^2) for s segments of single dimensions.

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
    singles = [list(_segments(name, table[name].take(rows))) for name in names]
    tested = [(segment, 0.0) for own in singles for segment in own]
    for one, other in combinations(singles, 2):
        for a in one:
            for b in other:
                floor = max(_lift(a.rows, is_anomaly), _lift(b.rows, is_anomaly))
                tested.append((_Segment(f"{a.name} and {b.name}", a.rows & b.rows), floor))
    return _significant(tested, is_anomaly)


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


def _segments(name: str, column: pa.Array[Any]) -> Iterator[_Segment]:
    """Yield the values or ranges of a dimension."""
    kind = kind_of(column.type)
    texts = value_text(column).fill_null("").to_numpy(zero_copy_only=False)
    empty = missing(column)
    if empty.any():
        yield _Segment(f"{name} is NULL", empty)
    values, counts = np.unique(texts[~empty], return_counts=True)
    if kind is Kind.TEXT or len(values) <= _FEW_NUMBERS:
        for value in values[np.argsort(-counts, kind="stable")[:_MOST_VALUES]]:
            yield _Segment(f"{name} = {_quoted(str(value), kind)}", ~empty & (texts == value))
        return
    numbers = to_float64(column)
    edges = np.unique(np.quantile(numbers[~empty], np.linspace(0.0, 1.0, _RANGES + 1), method="inverted_cdf"))
    place = np.clip(np.searchsorted(edges, numbers, "left") - 1, 0, len(edges) - 2)
    for k in range(len(edges) - 1):
        rows = ~empty & (place == k)
        if rows.any():
            inside = numbers[rows]
            low, high = texts[rows][inside.argmin()], texts[rows][inside.argmax()]
            yield _Segment(f"{name} in [{low}, {high}]", rows)


def _quoted(value: str, kind: Kind) -> str:
    return value if kind is Kind.NUMBER else repr(value)


def _lift(rows: NDArray[np.bool_], is_anomaly: NDArray[np.bool_]) -> float:
    inside, anomalies = int(rows.sum()), int(is_anomaly.sum())
    return int((rows & is_anomaly).sum()) * len(rows) / (inside * anomalies) if inside and anomalies else 0.0


def _significant(tested: list[tuple[_Segment, float]], is_anomaly: NDArray[np.bool_]) -> list[Contrast]:
    n, anomalies = len(is_anomaly), int(is_anomaly.sum())
    found: list[tuple[float, _Segment, float]] = [
        (_at_least(int((segment.rows & is_anomaly).sum()), int(segment.rows.sum()), anomalies, n), segment, floor)
        for segment, floor in tested
    ]
    found.sort(key=lambda one: one[0])
    result, corrected = [], 0.0
    for place, (chance, segment, floor) in enumerate(found):
        corrected = max(corrected, min(chance * (len(found) - place), 1.0))
        if corrected > LEVEL:
            break
        lift = _lift(segment.rows, is_anomaly)
        if lift > max(floor, 1.0):
            inside = int((segment.rows & is_anomaly).sum())
            result.append(Contrast(segment.name, int(segment.rows.sum()), inside, inside / anomalies, lift, corrected))
    return sorted(result, key=lambda one: (one.p_value, -one.lift, one.segment))


def _at_least(hits: int, rows: int, anomalies: int, n: int) -> float:
    """Return the probability of at least so many anomalies among rows drawn at random (hypergeometric)."""
    most = min(rows, anomalies)
    if hits <= max(0, rows + anomalies - n):
        return 1.0
    term = math.exp(_choices(anomalies, hits) + _choices(n - anomalies, rows - hits) - _choices(n, rows))
    total = 0.0
    for k in range(hits, most + 1):
        total += term
        term *= (anomalies - k) * (rows - k) / ((k + 1) * (n - anomalies - rows + k + 1)) if k < most else 0.0
        if term < total * np.finfo(np.float64).eps:
            break
    return min(total, 1.0)


def _choices(n: int, k: int) -> float:
    """Return ln of how many ways there are to choose k of n."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
