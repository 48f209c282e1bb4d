"""How far the members of an ensemble agree about a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from adsql.abilities import Combines
from adsql.errors import InvalidOption

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from adsql.arrow import Columns, Floats
    from adsql.model import Model
    from adsql.segment import Segment


@dataclass
class Consensus:
    """What the members of an ensemble say about n rows.

    Parameters
    ----------
    consensus
        The share of the members that vote for an anomaly: that find the row stranger, among the training rows,
        than the ensemble's threshold is. Shape (n,).
    disagreement
        The standard deviation of the members' severities, from 0 to 0.5.
    members
        Each member's severities, by its name.
    present
        False where a row has no score; its other results mean nothing.
    """

    consensus: Floats
    disagreement: Floats
    members: Mapping[str, Floats]
    present: NDArray[np.bool_]


def consensus(model: Model, table: Columns) -> Consensus:
    """Ask each member of an ensemble about rows given by column name; costs as much as scoring them.

    Raises
    ------
    InvalidOption
        If the model's detector has no members.
    MissingColumn, ColumnTypeChanged
        If the columns do not fit the model.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from adsql.model import Model
    >>> from adsql.options import TrainingOptions
    >>> table = {"x": pa.array(np.append(np.random.default_rng(0).normal(size=999), 50.0))}
    >>> model = Model.fit(table, TrainingOptions.parse("ensemble", params={"detectors": ["mad", "knn"]}))
    >>> said = consensus(model, {"x": pa.array([0.0, 50.0])})
    >>> said.consensus.tolist(), list(said.members)
    ([0.0, 1.0], ['knn', 'mad'])
    """
    names = _member_names(model)
    n = len(next(iter(table.values()), ()))
    result = Consensus(
        np.full(n, np.nan), np.full(n, np.nan), {name: np.full(n, np.nan) for name in names}, np.zeros(n, np.bool_)
    )
    for rows, segment, columns in model.parts(table):
        part = _of_segment(segment, columns)
        where = slice(None) if rows is None else rows
        result.consensus[where], result.disagreement[where] = part.consensus, part.disagreement
        result.present[where] = part.present
        for name, severities in part.members.items():
            result.members[name][where] = severities
    return result


def _member_names(model: Model) -> list[str]:
    segment = next(iter(model.segments.values()))
    if not isinstance(segment.detector, Combines):
        raise InvalidOption(
            f"consensus of a model of {model.algorithm!r}: a single detector has no members to agree",
            allowed="models of an algorithm that combines several, such as 'ensemble'",
        )
    return list(segment.detector.severities(np.zeros((0, segment.detector.n_features))))


def _of_segment(segment: Segment, columns: Columns) -> Consensus:
    X, present = segment.features.transform(columns)
    members = cast("Combines", segment.detector).severities(X)
    limit = segment.calibration.severity(np.array([segment.threshold]))[0]
    votes, total, squares = np.zeros(len(X)), np.zeros(len(X)), np.zeros(len(X))
    # Member by member, as numpy's own sums of a few rows may take another order than those of many.
    for severities in members.values():
        votes += severities > limit
        total += severities
    mean = total / len(members)
    for severities in members.values():
        squares += (severities - mean) ** 2
    return Consensus(votes / len(members), np.sqrt(squares / len(members)), members, present)
