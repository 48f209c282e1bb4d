"""Why rows have the scores they have: which columns contribute, what would be expected in them, and a sentence each.

What the contributions of a detector add up to is told in `adsql.contributions`. A column that became several features,
such as a point in time, has the sum of theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from adsql.arrow import taken
from adsql.contributions import contributions_of
from adsql.errors import InvalidOption
from adsql.segment_keys import existing_column, key_text, value_text
from adsql.sentences import column_of
from adsql.wording import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adsql.arrow import Columns
    from adsql.model import Model
    from adsql.segment import Segment


class Reason(NamedTuple):
    """What a column of a row contributes to its score.

    Parameters
    ----------
    feature
        The column.
    value
        What the row has in it, as text; None where it is missing.
    expected
        What would not be strange, as text; None for points in time, which have no usual value.
    contribution
        Its part of the score.
    rank
        1 for the largest.
    reason
        The same in a sentence.
    """

    feature: str
    value: str | None
    expected: str | None
    contribution: float
    rank: int
    reason: str


class Explained(NamedTuple):
    """An anomaly, by its place among n rows, with its score and the columns that contribute most."""

    row: int
    anomaly_score: float
    reasons: list[Reason]


def explain(model: Model, table: Columns, top_k: object = None) -> list[list[Reason] | None]:
    """Return why rows given by column name have their scores: of each its columns, largest contribution first.

    Parameters
    ----------
    model
        The model.
    table
        Columns by name; those that the model does not use are ignored.
    top_k
        Columns to return of each row; None for all.

    Returns
    -------
    list
        A list of reasons for each row, None for rows without a score.

    Raises
    ------
    InvalidOption
        If `top_k` is no number of columns.
    MissingColumn, ColumnTypeChanged
        If the columns do not fit the model.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from adsql.model import Model
    >>> from adsql.options import TrainingOptions
    >>> table = {"fare": pa.array([float(i % 40) for i in range(400)]), "km": pa.array([i % 7 for i in range(400)])}
    >>> model = Model.fit(table, TrainingOptions.parse("mad"))
    >>> explain(model, {"fare": pa.array([950.0]), "km": pa.array([3])})[0][0].reason
    'fare 950 is far above the 19.5 expected (usual: 0 to 39)'
    """
    most = checked_top_k(top_k)
    result: list[list[Reason] | None] = [None] * len(next(iter(table.values()), ()))
    for rows, segment, columns in model.parts(table):
        where = _where(model, segment)
        places = range(len(result)) if rows is None else rows.tolist()
        for place, reasons in zip(places, _of_segment(segment, columns, most, where), strict=True):
            result[place] = reasons
    return result


def explain_anomalies(model: Model, table: Columns, top_k: object = None) -> list[Explained]:
    """Return why the rows that a model flags have their scores; the arguments and errors are those of `explain`."""
    scores = model.score(table)
    rows = np.flatnonzero(scores.is_anomaly)
    used = {existing_column(name, table) for name in model.positional_columns}
    flagged = taken({name: column for name, column in table.items() if name in used}, rows)
    return [
        Explained(row, score, reasons or [])
        for row, score, reasons in zip(
            rows.tolist(), scores.anomaly_score[rows].tolist(), explain(model, flagged, top_k), strict=True
        )
    ]


def row_keys(table: Columns, key: object) -> list[str | None]:
    """Return the values of the column that tells rows apart, as text; None for each where none is named.

    Raises
    ------
    InvalidOption, UnknownColumn
        If there is no such column.
    """
    if key is None:
        return [None] * len(next(iter(table.values()), ()))
    if not isinstance(key, str) or not key:
        raise InvalidOption(f"key = {shown(key)} cannot be used", allowed="the name of a column, or NULL for none")
    return [
        None if text is None else str(text)
        for text in value_text(table[existing_column(key, table, "key")]).to_pylist()
    ]


def checked_top_k(top_k: object) -> int | None:
    """Return how many columns of each row to tell, or raise `InvalidOption`."""
    if top_k is not None and (isinstance(top_k, bool) or not isinstance(top_k, int) or top_k < 1):
        raise InvalidOption(f"top_k = {shown(top_k)} cannot be used", allowed="a whole number of at least 1")
    return top_k


def _where(model: Model, segment: Segment) -> str:
    """Return how a sentence names the segment that a row is compared with."""
    if not model.segment_by:
        return ""
    key = next(key for key, own in model.segments.items() if own is segment)
    return f", in segment {key_text(key)}"


def _of_segment(segment: Segment, columns: Columns, most: int | None, where: str) -> list[list[Reason] | None]:
    X, present = segment.features.transform(columns)
    found = contributions_of(segment.detector, X)
    names = segment.features.columns
    members = [[i for i, f in enumerate(segment.features.features) if f.column == name] for name in names]
    totals = np.column_stack([found.parts[:, own].sum(axis=1) for own in members])
    order = np.argsort(-totals, axis=1, kind="stable")[:, :most]
    tellers = [
        column_of([segment.features.features[i] for i in own], columns[name], found, own, _extremes(segment, name))
        for name, own in zip(names, members, strict=True)
    ]
    texts = [value_text(columns[name]).to_pylist() for name in names]

    def reasons(row: int, places: NDArray[np.intp]) -> list[Reason]:
        return [
            Reason(
                names[j], _text(texts[j], row), tellers[j].expected(row), float(totals[row, j]), rank,
                tellers[j].sentence(row) + where,
            )
            for rank, j in enumerate(places.tolist(), 1)
        ]  # fmt: skip

    return [reasons(row, order[row]) if there else None for row, there in enumerate(present.tolist())]


def _extremes(segment: Segment, column: str) -> tuple[float, float]:
    return (-np.inf, np.inf) if segment.reference is None else segment.reference.extremes(column)


def _text(values: Sequence[object], row: int) -> str | None:
    value = values[row]
    return None if value is None or value != value else str(value)  # noqa: PLR0124 - NaN alone differs from itself
