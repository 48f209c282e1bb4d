"""What a table is like before a model is trained on it: its columns, what is wrong with them, what to use each for.

Counts, smallest and largest values are those of all rows; quantiles, frequent values and what follows from them are
those of a sample, the one that training draws. Distinct values are estimated from it where it is not the whole table
(Haas and Stokes' estimator "Duj1", the one of PostgreSQL's ANALYZE). What a column is good for is said by the code
that chooses columns for training.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from adsql.arrow import Kind, compute, kind_of, missing, to_float64
from adsql.errors import empty_source
from adsql.features import column_features
from adsql.ranks import mid_ranks
from adsql.segment_keys import value_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from adsql.arrow import Columns, Floats

OUTER_FENCE = 3.0
_NEAR_CONSTANT = 0.99
_MOSTLY_MISSING = 0.5
_MANY = 1_000  # distinct values of a text: no category any more
_MOST_SEGMENTS = 100
_ROWS_OF_A_SEGMENT = 100  # of the sample, on average
_SEPARATES = 0.3
_LABEL_NAME = re.compile(
    r"(^|_)(?i:labels?|target|class|outliers?|anomal(y|ies|ous)|fraud(ulent)?|attacks?|intrusion|malicious|defect(ive)?)$"
)
_NUMERIC = (Kind.NUMBER, Kind.TIME, Kind.DATE, Kind.TIMESTAMP)


class Figures(NamedTuple):
    """What is known of all rows of a column.

    Parameters
    ----------
    type
        Its type as the database calls it.
    filled
        Values that are neither NULL nor NaN.
    outliers
        Values outside the column's fences; None where it has none.
    extremes
        The smallest and the largest value, in any order; empty or NULL where there is none.
    """

    type: str
    filled: int
    outliers: int | None
    extremes: pa.Array[Any]


class ColumnProfile(NamedTuple):
    """A column; values are texts, the same on every engine. See docs/quality.md for what each field says."""

    column_name: str
    type: str
    rows: int
    nulls: int
    null_rate: float
    distinct_values: int
    minimum: str | None
    q25: str | None
    median: str | None
    q75: str | None
    maximum: str | None
    outliers: int | None
    findings: list[str]
    suggested_use: str
    reason: str


def fences(sample: Columns) -> dict[str, tuple[float, float]]:
    """Return Tukey's outer fences of each column that has them: three interquartile ranges beyond the quartiles.

    Columns of text have none, nor have those whose quartiles are equal: every other value would lie outside.

    Examples
    --------
    >>> fences({"x": pa.array([1.0, 2.0, 3.0, 4.0, 99.0]), "kind": pa.array(["a"] * 5)})
    {'x': (-4.0, 10.0)}
    """
    found = {}
    for name, column in sample.items():
        if kind_of(column.type) not in _NUMERIC or pa.types.is_boolean(column.type):
            continue
        numbers = to_float64(column)
        numbers = numbers[~np.isnan(numbers)]
        if numbers.size:
            low, high = np.quantile(numbers, [0.25, 0.75])
            if low < high:
                found[name] = (float(low - OUTER_FENCE * (high - low)), float(high + OUTER_FENCE * (high - low)))
    return found


def outside(column: pa.Array[Any], low: Floats, high: Floats) -> NDArray[np.bool_]:
    """Return which values lie outside of fences; none of text and of what is missing."""
    if kind_of(column.type) not in _NUMERIC:
        return np.zeros(len(column), np.bool_)
    numbers = to_float64(column)
    return (numbers < low) | (numbers > high)


def profile(sample: Columns, n_rows: int, figures: Mapping[str, Figures]) -> list[ColumnProfile]:
    """Return what each column is like, in the order of the columns.

    Parameters
    ----------
    sample
        Rows of a source, columns by name.
    n_rows
        How many rows the source has.
    figures
        What is known of all of its rows, by column.

    Raises
    ------
    EmptySource
        If there are no rows.

    Examples
    --------
    >>> table = {"id": pa.array(range(20)), "amount": pa.array([1.5, 2.0] * 10)}
    >>> known = {name: Figures(str(c.type), 20, 0, pa.array([c[0], c[-1]])) for name, c in table.items()}
    >>> [(found.column_name, found.suggested_use, found.distinct_values) for found in profile(table, 20, known)]
    [('id', 'key', 20), ('amount', 'feature', 2)]
    """
    check_rows(sample)
    numbers = [to_ranks(column) for column in sample.values() if kind_of(column.type) in _NUMERIC]
    return [_column(name, column, n_rows, figures[name], numbers) for name, column in sample.items()]


def check_rows(sample: Columns) -> None:
    """Raise `EmptySource` if there are no rows."""
    if not len(next(iter(sample.values()), ())):
        raise empty_source()


def to_ranks(column: pa.Array[Any]) -> Floats:
    """Return the ranks of a column's numbers from 0 to 1, equal ones of equal numbers; NaN where missing."""
    numbers = to_float64(column)
    there = ~np.isnan(numbers)
    ranks = np.full(len(numbers), np.nan)
    ranks[there] = mid_ranks(numbers[there]) / max(int(there.sum()), 1)
    return ranks


def distinct_estimate(counts: NDArray[np.int64], sampled: int, rows: int) -> int:
    """Return how many distinct values there are in a table, from how often each was seen in a sample of its rows.

    Parameters
    ----------
    counts
        How often each value of the sample was seen.
    sampled, rows
        Rows of the sample and of the table, where there is a value.

    References
    ----------
    P. J. Haas, L. Stokes (1998): Estimating the number of classes in a finite population. JASA 93(444).

    Examples
    --------
    >>> distinct_estimate(np.ones(100, np.int64), 100, 5_000), distinct_estimate(np.full(4, 25), 100, 5_000)
    (5000, 4)
    """
    seen = len(counts)
    if sampled >= rows or not seen:
        return seen
    once = int((counts == 1).sum())
    return int(np.clip(round(sampled * seen / (sampled - once + once * sampled / rows)), seen, rows))


def _column(name: str, column: pa.Array[Any], n_rows: int, known: Figures, numbers: list[Floats]) -> ColumnProfile:
    empty = missing(column)
    there = column.take(pa.array(np.flatnonzero(~empty), pa.int64()))
    counts = _counts(there)
    distinct = distinct_estimate(counts, len(there), known.filled)
    minimum, maximum = _extremes(known.extremes)
    q25, median, q75 = _quartiles(there)
    findings = _findings(column, counts, distinct, known.filled, n_rows)
    use, reason = _use(name, column, n_rows, counts, numbers)
    if use == "key":
        findings = ["key", *(finding for finding in findings if finding != "high cardinality")]
    return ColumnProfile(
        name, known.type, n_rows, n_rows - known.filled, (n_rows - known.filled) / n_rows, distinct, minimum, q25,
        median, q75, maximum, known.outliers, findings, use, reason,
    )  # fmt: skip


def _counts(there: pa.Array[Any]) -> NDArray[np.int64]:
    """Return how often each value was seen, the most frequent first; of types without an encoding nothing."""
    if kind_of(there.type) is Kind.UNSUPPORTED or not len(there):
        return np.zeros(0, np.int64)
    if pa.types.is_floating(there.type):
        there = pa.array(to_float64(there))  # -0.0 is 0.0
    counts = compute().value_counts(there).field("counts").to_numpy()
    result: NDArray[np.int64] = np.sort(counts)[::-1]
    return result


def _extremes(values: pa.Array[Any]) -> tuple[str | None, str | None]:
    kind = kind_of(values.type)
    there = values.drop_null()
    if kind in (Kind.UNSUPPORTED, Kind.MISSING) or not len(there):
        return None, None
    texts = [str(text) for text in value_text(there).to_pylist()]
    if kind in _NUMERIC:
        order = np.argsort(to_float64(there), kind="stable")
        return texts[order[0]], texts[order[-1]]
    return min(texts), max(texts)


def _quartiles(there: pa.Array[Any]) -> tuple[str | None, str | None, str | None]:
    """Return the quartiles as values that there are."""
    if kind_of(there.type) not in _NUMERIC or not len(there):
        return None, None, None
    numbers = to_float64(there)
    order = np.argsort(numbers, kind="stable")
    places = np.ceil(np.array([0.25, 0.5, 0.75]) * len(order)).astype(np.int64) - 1
    low, middle, high = value_text(there.take(pa.array(order[places], pa.int64()))).to_pylist()
    return str(low), str(middle), str(high)


def _findings(column: pa.Array[Any], counts: NDArray[np.int64], distinct: int, filled: int, n_rows: int) -> list[str]:
    kind = kind_of(column.type)
    if filled == 0:
        return ["empty"]
    if kind is Kind.UNSUPPORTED:
        return []
    found = ["mostly missing"] if filled < (1.0 - _MOSTLY_MISSING) * n_rows else []
    if distinct == 1:
        found.append("constant")
    elif counts.size and counts[0] >= _NEAR_CONSTANT * counts.sum():
        found.append("near-constant")
    if kind is Kind.TEXT and distinct > _MANY:
        found.append("high cardinality")
    return found


def _use(
    name: str, column: pa.Array[Any], n_rows: int, counts: NDArray[np.int64], numbers: list[Floats]
) -> tuple[str, str]:
    features, reason = column_features(name, column, n_rows, automatic=True)
    kind = kind_of(column.type)
    if len(counts) and (kind in (Kind.TIMESTAMP, Kind.DATE)):
        return "time", "points in time: they order series; the model sees time of day and day of the week"
    if not features:
        return ("key" if reason.startswith("a key") else "leave out"), reason
    if len(counts) == 1:
        return "leave out", "constant: every value is the same"
    if _LABEL_NAME.search(name) and _is_binary(column):
        return "label", "two values, and its name says that they are verdicts: label_column, or evaluate_model"
    separated = _separated(column, counts, numbers)
    if separated >= _SEPARATES:
        return (
            "segment",
            f"its {len(counts)} groups differ: it explains {separated:.0%} of a number's variance (by ranks)",
        )
    return "feature", features[0].description().partition(";")[0]


def _is_binary(column: pa.Array[Any]) -> bool:
    if kind_of(column.type) is not Kind.NUMBER:
        return False
    numbers = to_float64(column)
    return bool(np.isin(numbers[~np.isnan(numbers)], [0.0, 1.0]).all())


def _separated(column: pa.Array[Any], counts: NDArray[np.int64], numbers: list[Floats]) -> float:
    """Return the largest share of a number's variance, by ranks, that the groups of a category explain."""
    rows = int(counts.sum())
    if kind_of(column.type) is not Kind.TEXT or not 1 < len(counts) <= min(_MOST_SEGMENTS, rows // _ROWS_OF_A_SEGMENT):
        return 0.0
    codes = value_text(column).dictionary_encode().indices.fill_null(-1).to_numpy()
    shares = [0.0]
    for ranks in numbers:
        chosen = (codes >= 0) & ~np.isnan(ranks)
        total = ranks[chosen].var() * chosen.sum() if chosen.any() else 0.0
        if total > 0.0:
            sizes = np.bincount(codes[chosen])
            means = np.bincount(codes[chosen], ranks[chosen]) / np.maximum(sizes, 1)
            shares.append(float((sizes * (means - ranks[chosen].mean()) ** 2).sum() / total))
    return max(shares)
