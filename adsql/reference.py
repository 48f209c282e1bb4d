"""What the rows that a model was trained on were like: enough to tell later whether rows have changed.

Of each column the model keeps a summary of the sample that it was fitted to: of numbers the cumulative counts at a
hundred quantiles, the smallest and the largest value among them, or at all values where they are fewer; of categories
how often each was seen; of both how often a value was missing. Points in time are summarised as the model sees them:
by time of day and day of the week.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from adsql.arrow import LARGEST, SECONDS_PER_DAY, compute, missing, to_float64, to_text
from adsql.arrow_memory import array_of, texts
from adsql.encodings import MAX_CATEGORIES, MONDAY, WEEK, patterns
from adsql.errors import NoReference
from adsql.state import State, require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from adsql.arrow import Columns, Floats
    from adsql.features import FeatureSpec

_QUANTILES = 101
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_INT32 = 2**31


class Observed(NamedTuple):
    """One thing that a model sees of a column: numbers or texts, n values each.

    Parameters
    ----------
    name
        The column's name, with what is looked at behind a colon where that is not the value itself.
    column
        The column.
    values
        Numbers, NaN where missing, or texts, NULL where missing.
    """

    name: str
    column: str
    values: Floats | pa.StringArray


@dataclass(frozen=True)
class Numbers:
    """Numbers of the training rows.

    Parameters
    ----------
    name, column
        As in `Observed`.
    missing
        Rows without a value.
    grid
        Values that there were, ascending, the smallest and the largest among them; empty if there was none.
    below
        How many values were at most as large as each of them.
    """

    name: str
    column: str
    missing: int
    grid: Floats
    below: NDArray[np.int32]

    @classmethod
    def of(cls, observed: Observed) -> Numbers:
        """Summarise numbers."""
        values = np.asarray(observed.values)
        there = np.sort(values[~np.isnan(values)])
        grid = np.unique(there)
        if len(grid) > _QUANTILES:
            grid = np.unique(np.quantile(there, np.linspace(0.0, 1.0, _QUANTILES), method="inverted_cdf"))
        below = np.searchsorted(there, grid, "right").astype(np.int32)
        return cls(observed.name, observed.column, len(values) - there.size, grid, below)

    def counted(self, observed: Observed) -> Numbers:
        """Summarise other numbers on the same grid."""
        values = np.asarray(observed.values)
        there = np.sort(values[~np.isnan(values)])
        below = np.searchsorted(there, self.grid, "right").astype(np.int32)
        return replace(self, missing=len(values) - there.size, below=below)

    def merged(self, observed: Observed) -> Numbers:
        """Summarise the old numbers and new ones together."""
        if not self.grid.size:
            return replace(Numbers.of(observed), missing=self.missing + Numbers.of(observed).missing)
        values = np.asarray(observed.values)
        there = values[~np.isnan(values)]
        ends = there[(there < self.grid[0]) | (there > self.grid[-1])]
        wider = self._with(np.array([ends.min(), ends.max()])) if ends.size else self
        new = wider.counted(observed)
        return replace(wider, missing=self.missing + new.missing, below=wider.below + new.below)

    def _with(self, ends: Floats) -> Numbers:
        grid = np.unique(np.concatenate([self.grid, ends]))
        below = np.concatenate([[0], self.below])[np.searchsorted(self.grid, grid, "right")].astype(np.int32)
        return replace(self, grid=grid, below=below)


@dataclass(frozen=True)
class Categories:
    """Categories of the training rows.

    Parameters
    ----------
    name, column
        As in `Observed`.
    missing
        Rows without a value.
    values, counts
        The categories, the most frequent first, and how often each was seen.
    rest
        Rows with other values than these, of which there were too many.
    """

    name: str
    column: str
    missing: int
    values: tuple[str, ...]
    counts: NDArray[np.int32]
    rest: int

    @classmethod
    def of(cls, observed: Observed) -> Categories:
        """Summarise texts."""
        return cls._ranked(observed, counts_of(observed.values), 0, 0)

    def merged(self, observed: Observed) -> Categories:
        """Summarise the old texts and new ones together."""
        counts = dict(zip(self.values, self.counts.tolist(), strict=True))
        for value, count in counts_of(observed.values).items():
            counts[value] = counts.get(value, 0) + count
        return self._ranked(observed, counts, self.missing, self.rest)

    @classmethod
    def _ranked(cls, observed: Observed, counts: dict[str, int], absent: int, rest: int) -> Categories:
        ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        kept, dropped = ranked[:MAX_CATEGORIES], ranked[MAX_CATEGORIES:]
        absent += int(missing(observed.values).sum())  # type: ignore[arg-type] # texts, of which it is made alone
        numbers = np.array([count for _, count in kept], np.int32)
        values = tuple(value for value, _ in kept)
        return cls(observed.name, observed.column, absent, values, numbers, rest + sum(count for _, count in dropped))


@dataclass(frozen=True)
class Reference:
    """What training rows were like.

    Parameters
    ----------
    rows
        How many there were.
    traits
        What is known of each thing that a model sees of its columns.

    Examples
    --------
    >>> from adsql.features import FeatureSpec
    >>> table = {"x": pa.array([3.0, 1.0, None, 2.0]), "kind": pa.array(["a", "b", "a", "a"] )}
    >>> found = Reference.fit(FeatureSpec.fit(table, ["x"], 4), table)
    >>> found.rows, found.traits[0].grid.tolist(), found.traits[0].missing
    (4, [1.0, 2.0, 3.0], 1)
    """

    rows: int
    traits: tuple[Numbers | Categories, ...]

    @classmethod
    def fit(cls, features: FeatureSpec, table: Columns) -> Reference:
        """Summarise the columns that `FeatureSpec.select` returned. O(n log n) a column."""
        traits = tuple(_summary(one) for one in observed(features, table))
        return cls(len(table[features.columns[0]]), traits)

    def merged(self, features: FeatureSpec, table: Columns) -> Reference:
        """Summarise the old rows and new ones together."""
        traits = tuple(old.merged(new) for old, new in zip(self.traits, observed(features, table), strict=True))
        return Reference(self.rows + len(table[features.columns[0]]), traits)

    def extremes(self, column: str) -> tuple[float, float]:
        """Return the smallest and the largest number of a column; infinities where it has none.

        Examples
        --------
        >>> Reference(2, (Numbers("x", "x", 0, np.array([1.0, 9.0]), np.array([1, 2], np.int32)),)).extremes("x")
        (1.0, 9.0)
        """
        for trait in self.traits:
            if isinstance(trait, Numbers) and trait.column == column and len(trait.grid):
                return float(trait.grid[0]), float(trait.grid[-1])
        return -np.inf, np.inf

    def to_state(self) -> State:
        """Return what is stored."""
        numbers = [trait for trait in self.traits if isinstance(trait, Numbers)]
        texts = [trait for trait in self.traits if isinstance(trait, Categories)]
        floats = [trait.grid for trait in numbers] or [np.zeros(0)]
        counts = [trait.below if isinstance(trait, Numbers) else trait.counts for trait in self.traits]
        return State(
            {"rows": self.rows},
            {
                "missing": np.array([trait.missing for trait in self.traits], np.int32),
                "rest": np.array([trait.rest for trait in texts], np.int32),
                "size": np.array([len(own) for own in counts], np.int32),
                "grid": np.concatenate(floats),
                "count": np.concatenate(counts),
            },
            {"value": [value for trait in texts for value in trait.values]},
        )

    @classmethod
    def from_state(cls, state: State, features: FeatureSpec) -> Reference:
        """Restore and check what `to_state` returned."""
        rows = state.scalar("rows", int)
        absent, sizes = (state.integers(name, 0, _INT32) for name in ("missing", "size"))
        rest, counts = state.integers("rest", 0, _INT32), state.integers("count", 0, _INT32)
        grid, values = state.floats("grid", largest=LARGEST), state.text("value")
        nothing = {name: pa.nulls(0) for name in features.columns}
        kinds = list(observed(features, nothing))
        require(len(kinds) == len(absent) == len(sizes), "the reference has other columns than the features")
        require(sum(isinstance(one.values, pa.Array) for one in kinds) == len(rest), "the reference lacks a count")
        require(int(sizes.sum(dtype=np.int64)) == len(counts) == len(grid) + len(values), "the reference is incomplete")
        traits: list[Numbers | Categories] = []
        first = {"count": 0, "grid": 0, "value": 0, "rest": 0}
        for kind, gone, size in zip(kinds, absent.tolist(), sizes.tolist(), strict=True):
            own = counts[first["count"] : first["count"] + size]
            first["count"] += size
            if isinstance(kind.values, pa.Array):
                names, more = values[first["value"] : first["value"] + size], int(rest[first["rest"]])
                first["value"], first["rest"] = first["value"] + size, first["rest"] + 1
                require(len(set(names)) == len(own) and gone + more + own.sum(dtype=np.int64) == rows, "counts are off")
                traits.append(Categories(kind.name, kind.column, gone, tuple(names), own, more))
                continue
            points = grid[first["grid"] : first["grid"] + size]
            first["grid"] += size
            require(len(points) == size and bool((np.diff(points) > 0).all()), "a grid does not ascend")
            require(bool((np.diff(own) >= 0).all()) and gone + (int(own[-1]) if size else 0) == rows, "counts are off")
            traits.append(Numbers(kind.name, kind.column, gone, points, own))
        return cls(rows, tuple(traits))


def required(reference: Reference | None) -> Reference:
    """Return the reference of a segment, or raise `NoReference` where there is none."""
    if reference is None:
        raise NoReference(
            "the model does not know what its training rows were like: it was stored by an older version of adsql",
            hint="train it again",
        )
    return reference


def observed(features: FeatureSpec, table: Columns) -> Iterator[Observed]:
    """Yield what a model sees of its columns, in an order that follows from its features alone."""
    for name in features.columns:
        column = table[name]
        encodings = {feature.encoding for feature in features.features if feature.column == name}
        if "value" in encodings:
            yield Observed(name, name, to_float64(column))
        elif "rarity" in encodings:
            yield Observed(name, name, to_text(column))
        elif "pattern_rarity" in encodings:
            yield Observed(f"{name}:pattern", name, patterns(to_text(column)))
        if "sin_of_day" in encodings or "cos_of_day" in encodings:
            yield Observed(f"{name}:time_of_day", name, to_float64(column) % SECONDS_PER_DAY)
        if "sin_of_week" in encodings or "cos_of_week" in encodings:
            yield Observed(f"{name}:day_of_week", name, weekdays(to_float64(column)))


def counts_of(values: Any) -> dict[str, int]:  # noqa: ANN401 - an array of texts
    """Return how often each text occurs."""
    counts = compute().value_counts(values.drop_null())
    return dict(zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True))


def _summary(one: Observed) -> Numbers | Categories:
    return Categories.of(one) if isinstance(one.values, pa.Array) else Numbers.of(one)


def weekdays(seconds: Floats) -> pa.StringArray:
    """Return the names of the days of the week of points in time, given in seconds since 1970; NULL where missing."""
    gone = np.isnan(seconds)
    day = ((np.where(gone, 0.0, seconds) - MONDAY) % WEEK // SECONDS_PER_DAY).astype(np.int64)
    return texts(_WEEKDAYS).take(array_of(day, gone))
