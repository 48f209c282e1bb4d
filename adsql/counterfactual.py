"""The smallest change that makes a row normal: which values to change, and to what, within the ranges of the training.

Fewest columns first, then the least distance: the changes of numbers in spreads of their columns (the robust scale of
the features), that of a category as one. What is tried are values that the training had, a hundred quantiles of a
number, and categories. One column, two, three are tried in all combinations, with fewer values of each where there are
many combinations; each column that is found then gets the value nearest to its own that does. Beyond three, columns
become usual one after another, in the order of their contributions, and those that need not are taken back.

A point in time is moved by what a model sees of it: to times of day that the training had, and to days of the same week
that have weekdays it had. Texts of which only the pattern counts stay as they are.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from adsql.arrow import LARGEST, SECONDS_PER_DAY, Kind, to_float64
from adsql.contributions import contributions_of
from adsql.features import LIMIT
from adsql.reference import Categories, Numbers, required, weekdays
from adsql.segment_keys import value_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from adsql.arrow import Columns, Floats
    from adsql.encodings import Feature
    from adsql.model import Model
    from adsql.segment import Segment

_LAST = 9e12  # seconds from 1970: Arrow's timestamps have few more
MOST_COLUMNS = 3  # that are tried in all combinations
COMBINED = 20  # columns, those that contribute most, of which more than one are changed
_TRIED = 20_000  # rows scored for each number of columns
_FEWEST = 3  # values of a column
_HALVINGS = 30
_DIGITS = range(1, 17)
_CLOSE = 0.05  # spreads that a suggestion may be farther away than it needs to, for fewer digits
NOTHING = "no change within the ranges of the training makes the row normal"


class Change(NamedTuple):
    """A value to change.

    Parameters
    ----------
    feature
        The column; None where nothing helps.
    value
        What the row has in it, as text; None where it is missing.
    suggested
        What would make the row normal, together with the other changes.
    change
        By how many spreads of the column; None for a category and for a point in time.
    status
        None, or why nothing is suggested.
    """

    feature: str | None
    value: str | None
    suggested: str | None
    change: float | None
    status: str | None


class _Movable(NamedTuple):
    """A column that can be changed, its p features' places, and the k values to try.

    They are given as they are told, as features, shape (k, p), and by how far away they are.
    """

    column: str
    places: list[int]
    values: Sequence[Any]
    scaled: Floats
    distance: Floats
    is_number: bool


class _Found(NamedTuple):
    distance: float
    columns: tuple[_Movable, ...]
    chosen: tuple[int, ...]


def suggest_normal(model: Model, table: Columns) -> list[list[Change] | None]:
    """Return what makes each row normal: nothing for rows that are, None for rows without a score.

    Parameters
    ----------
    model
        The model.
    table
        Columns by name; those that the model does not use are ignored.

    Returns
    -------
    list
        The changes of each row, which are to be made together. One that has a status and no column where no change
        helps. Costs up to 60,000 scores a row.

    Raises
    ------
    NoReference
        If the model was stored before it kept what its training rows were like.
    MissingColumn, ColumnTypeChanged
        If the columns do not fit the model.

    Examples
    --------
    >>> from adsql.model import Model
    >>> from adsql.options import TrainingOptions
    >>> rows = {"fare": pa.array([float(i % 40) for i in range(400)]), "km": pa.array([i % 7 for i in range(400)])}
    >>> model = Model.fit(rows, TrainingOptions.parse("mad", threshold=2.0))
    >>> [found] = suggest_normal(model, {"fare": pa.array([950.0]), "km": pa.array([3])})
    >>> [(change.feature, change.value, change.suggested) for change in found]
    [('fare', '950', '39')]
    """
    result: list[list[Change] | None] = [None] * len(next(iter(table.values()), ()))
    for rows, segment, columns in model.parts(table):
        X, present = segment.features.transform(columns)
        is_anomaly = segment.detector.score(X) > segment.threshold
        places = range(len(result)) if rows is None else rows.tolist()
        for i, place in enumerate(places):
            if present[i]:
                row = {name: column[i : i + 1] for name, column in columns.items()}
                result[place] = _changes(segment, row, X[i]) if is_anomaly[i] else []
    return result


def _changes(segment: Segment, row: Columns, x: Floats) -> list[Change]:
    movables = _movables(segment, row, x)

    def is_normal(rows: Floats) -> NDArray[np.bool_]:
        scores = segment.detector.score(np.asfortranarray(rows))
        result: NDArray[np.bool_] = scores <= segment.threshold
        return result

    found = _fewest(movables, x, is_normal)
    if found is None:
        parts = contributions_of(segment.detector, x[None, :]).parts[0]
        ranked = sorted(movables, key=lambda one: -float(parts[one.places].sum()))
        found = _combined(ranked[:COMBINED], x, is_normal) or _greedy(ranked, x, is_normal)
    if found is None:
        return [Change(None, None, None, None, NOTHING)]
    return _told(_nearest(found, x, is_normal), segment.features.features, row, x, is_normal)


def _movables(segment: Segment, row: Columns, x: Floats) -> list[_Movable]:
    traits = {trait.name: trait for trait in required(segment.reference).traits}
    found = list[_Movable]()
    moments = dict[str, list[int]]()
    for place, feature in enumerate(segment.features.features):
        trait = traits.get(feature.column)
        if isinstance(trait, Numbers) and feature.encoding == "value":
            scaled = _scaled(trait.grid, feature)
            distance = np.abs(scaled - x[place])
            tried = distance > 0
            values = trait.grid[tried].tolist()
            found.append(
                _Movable(feature.column, [place], values, scaled[tried, None], distance[tried], is_number=True)
            )
        elif isinstance(trait, Categories) and feature.encoding == "rarity":
            own = value_text(row[feature.column])[0].as_py()
            # Of categories that are equally rare the score is the same.
            first = {feature.rarity_of(value): value for value in reversed(trait.values) if value != own}
            scaled = _scaled(np.array(sorted(first)), feature)
            texts = [first[rarity] for rarity in sorted(first)]
            found.append(
                _Movable(feature.column, [place], texts, scaled[:, None], np.ones(len(texts)), is_number=False)
            )
        elif feature.kind in (Kind.TIMESTAMP, Kind.DATE):
            moments.setdefault(feature.column, []).append(place)
    moved = (_moved(segment, row[column], places, x) for column, places in moments.items())
    return [one for one in (*found, *moved) if one is not None and len(one.values)]


def _moved(segment: Segment, own: pa.Array[Any], places: list[int], x: Floats) -> _Movable | None:
    """Return a column of points in time, moved to other times of day and other days of the week.

    None for what is missing or infinite, and so on no day.
    """
    seconds = float(to_float64(own)[0])
    if not abs(seconds) < _LAST:
        return None
    features = [segment.features.features[place] for place in places]
    column = features[0].column
    midnight = seconds // SECONDS_PER_DAY * SECONDS_PER_DAY
    clock, days = np.array([seconds - midnight]), np.array([midnight])
    for trait in required(segment.reference).traits:
        if trait.column != column:
            continue
        if isinstance(trait, Numbers):
            clock = np.unique(np.concatenate([clock, trait.grid]))
        else:
            near = midnight + np.arange(-3.0, 4.0) * SECONDS_PER_DAY
            known = [name in trait.values for name in weekdays(near).to_pylist()]
            days = near[np.array(known, np.bool_) | (near == midnight)]
    moments = np.add.outer(days, clock).ravel()
    scaled = np.column_stack([_scaled(feature.coordinates(moments), feature) for feature in features])
    distance = np.linalg.norm(scaled - x[places], axis=1)
    tried = distance > 0
    stamps = pa.array(np.round(moments[tried] * 1e6).astype(np.int64)).cast(pa.timestamp("us"))
    told = stamps.cast(pa.date32()) if features[0].kind is Kind.DATE else stamps
    return _Movable(column, places, value_text(told).to_pylist(), scaled[tried], distance[tried], is_number=False)


def _scaled(values: Floats, feature: Feature) -> Floats:
    bounded = np.clip(values, -LARGEST, LARGEST)
    return np.clip((bounded - feature.center) * (1.0 / feature.scale), -LIMIT, LIMIT)


def _fewest(movables: Sequence[_Movable], x: Floats, is_normal: Callable[..., NDArray[np.bool_]]) -> _Found | None:
    """Return the nearest change of one column that helps."""
    return _best(movables, 1, x, is_normal)


def _combined(movables: Sequence[_Movable], x: Floats, is_normal: Callable[..., NDArray[np.bool_]]) -> _Found | None:
    for count in range(2, MOST_COLUMNS + 1):
        found = _best(movables, count, x, is_normal)
        if found is not None:
            return found
    return None


def _best(
    movables: Sequence[_Movable], count: int, x: Floats, is_normal: Callable[..., NDArray[np.bool_]]
) -> _Found | None:
    """Return the nearest change of so many columns that helps."""
    subsets = list(combinations(movables, count))
    if not subsets:
        return None
    most = max(_FEWEST, int((_TRIED / len(subsets)) ** (1.0 / count)))
    best: _Found | None = None
    for subset in subsets:
        tried = [_spread_out(len(one.values), most) for one in subset]
        grids = [grid.ravel() for grid in np.meshgrid(*tried, indexing="ij")]
        distance = sum((one.distance[grid] for one, grid in zip(subset, grids, strict=True)), np.zeros(len(grids[0])))
        rows = np.repeat(x[None, :], len(distance), axis=0)
        for one, grid in zip(subset, grids, strict=True):
            rows[:, one.places] = one.scaled[grid]
        helps = np.flatnonzero(is_normal(rows))
        if len(helps):
            nearest = helps[np.argmin(distance[helps])]
            if best is None or distance[nearest] < best.distance:
                best = _Found(float(distance[nearest]), subset, tuple(int(grid[nearest]) for grid in grids))
    return best


def _spread_out(size: int, most: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, size - 1, min(size, most)).round().astype(np.int64))


def _greedy(movables: Sequence[_Movable], x: Floats, is_normal: Callable[..., NDArray[np.bool_]]) -> _Found | None:
    """Return a change of more columns that helps: all become usual up to some column, but for those that need not."""
    usual = {one.column: int(np.argmin(np.linalg.norm(one.scaled, axis=1))) for one in movables}
    changed: list[_Movable] = []
    row = x.copy()
    for one in movables:
        changed.append(one)
        row[one.places] = one.scaled[usual[one.column]]
        if is_normal(row[None, :])[0]:
            break
    else:
        return None
    for one in reversed(changed[:]):
        row[one.places] = x[one.places]
        if is_normal(row[None, :])[0]:
            changed.remove(one)
        else:
            row[one.places] = one.scaled[usual[one.column]]
    chosen = tuple(usual[one.column] for one in changed)
    return _Found(sum(float(one.distance[k]) for one, k in zip(changed, chosen, strict=True)), tuple(changed), chosen)


def _nearest(found: _Found, x: Floats, is_normal: Callable[..., NDArray[np.bool_]]) -> _Found:
    """Return the same with each column, after the others, at the value nearest to its own that still helps."""
    chosen = list(found.chosen)
    for position, one in enumerate(found.columns):
        rows = np.repeat(x[None, :], len(one.values), axis=0)
        for other, k in zip(found.columns, chosen, strict=True):
            rows[:, other.places] = other.scaled[k]
        rows[:, one.places] = one.scaled
        helps = np.flatnonzero(is_normal(rows))
        chosen[position] = int(helps[np.argmin(one.distance[helps])])
    return found._replace(chosen=tuple(chosen))


def _told(
    found: _Found, features: Sequence[Feature], row: Columns, x: Floats, is_normal: Callable[..., NDArray[np.bool_]]
) -> list[Change]:
    new = x.copy()
    for one, k in zip(found.columns, found.chosen, strict=True):
        new[one.places] = one.scaled[k]
    result = []
    for one, k in zip(found.columns, found.chosen, strict=True):
        column, value = row[one.column], one.values[k]
        change = None
        if one.is_number:
            [place] = one.places
            if pa.types.is_floating(column.type) and np.any(np.mod(one.values, 1.0) != 0.0):
                value = _between(one, value, features[place], x, new, is_normal)
            change = float(new[place] - x[place])
            suggested = _number_text(value, column.type, features[place].kind)
        else:
            suggested = str(value)
        own = value_text(column)[0].as_py()
        result.append(Change(one.column, None if own in (None, "NaN", "nan") else str(own), suggested, change, None))
    return result


def _between(
    one: _Movable, value: float, feature: Feature, x: Floats, new: Floats, is_normal: Callable[..., NDArray[np.bool_]]
) -> float:
    """Return a value between those of the training that is nearer to the row's own, of few digits; `new` gets it."""

    def helps(candidate: float) -> bool:
        row = new.copy()
        row[one.places] = _scaled(np.array([candidate]), feature)
        return bool(is_normal(row[None, :])[0])

    own = feature.center + feature.scale * float(x[one.places][0])
    near, beyond = value, float(np.clip(own, min(one.values), max(one.values)))
    for _ in range(_HALVINGS):
        middle = (near + beyond) / 2.0
        near, beyond = (middle, beyond) if helps(middle) else (near, middle)
    least, most = min(one.values), max(one.values)
    rounded = (float(f"{near:.{digits}g}") for digits in _DIGITS)
    close = (r for r in rounded if least <= r <= most and abs(r - near) <= _CLOSE * feature.scale)
    best = next((r for r in close if helps(r)), near)
    new[one.places] = _scaled(np.array([best]), feature)
    return best


def _number_text(value: float, kind: pa.DataType, meant: Kind) -> str:
    if pa.types.is_boolean(kind):
        return "true" if value else "false"
    if meant is Kind.TIME:
        return str(value_text(pa.array([round(value * 1e6)], pa.int64()).cast(pa.time64("us")))[0].as_py())
    return str(value_text(pa.array([value], pa.float64()))[0].as_py())
