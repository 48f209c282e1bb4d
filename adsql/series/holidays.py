"""Holidays: days that are expected to be as other holidays were, and teach nothing about ordinary ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from adsql.series.algorithms import Mode
from adsql.series.columns import in_microseconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from adsql.arrow import Floats
    from adsql.series.expectation import Expected
    from adsql.series.sampling import Sampling

ENOUGH = 3  # occurrences that tell what a holiday is like
_REMEMBERED = 32  # occurrences, the nearest ones
_CLIP = 4.0  # times the median error: what is farther off teaches no more than this
# Divided by the occurrences: how much wider bounds are that were learned from few. Measured as those of `Tails`.
_UNCERTAINTY = 3.0
_AROUND = 4_096  # points around a holiday that tell how far values spread over the season
_EXTREME = 0.99


@dataclass(frozen=True)
class Calendar:
    """When there are holidays; arrays of shape (k,), ascending by start.

    Parameters
    ----------
    starts, ends
        The first and the last time of each occurrence, in the unit of the series' times.
    kinds
        A number for each name; occurrences of one name are of one kind.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    kinds: NDArray[np.int64]

    @classmethod
    def of(cls, starts: NDArray[np.int64], ends: NDArray[np.int64], names: Sequence[str | None]) -> Self:
        """Put occurrences in their order; one that is given twice is one, and one that ends before it begins is none.

        Examples
        --------
        >>> found = Calendar.of(np.array([30, 10, 10]), np.array([39, 19, 19]), ["a", "b", "b"])
        >>> found.starts.tolist(), found.kinds.tolist()
        ([10, 30], [1, 0])
        """
        texts = np.array(["" if name is None else name for name in names], dtype=object)
        _, kinds = np.unique(texts, return_inverse=True) if len(texts) else (None, np.zeros(0, np.int64))
        # Of two that begin together the shorter one comes last, and is what a time in both belongs to.
        given = np.column_stack([starts, -ends, kinds]).astype(np.int64).reshape(-1, 3)
        rows = np.unique(given[ends >= starts], axis=0)
        return cls(rows[:, 0], -rows[:, 1], rows[:, 2])

    def __len__(self) -> int:
        return len(self.starts)

    def in_microseconds(self, kind: pa.DataType) -> Calendar:
        """Return the same in the unit of models, from that of a column of times."""
        return Calendar(in_microseconds(self.starts, kind), in_microseconds(self.ends, kind), self.kinds)

    def owners(self, times: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the occurrence that each of ascending times is in, -1 for none; of several the one that began last.

        Examples
        --------
        >>> days = Calendar.of(np.array([10, 12]), np.array([19, 13]), ["fair", "opening"])
        >>> days.owners(np.array([9, 10, 12, 14, 20])).tolist()
        [-1, 0, 1, 0, -1]
        """
        return occurrence_of(self.starts, self.ends, times)


def occurrence_of(starts: NDArray[np.int64], ends: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which of k occurrences each of n ascending times is in, see `Calendar.owners`; O(n + k log n)."""
    found = np.full(len(times), -1, np.int64)
    first, last = np.searchsorted(times, starts, "left"), np.searchsorted(times, ends, "right")
    for occurrence in np.flatnonzero(last > first):
        found[first[occurrence] : last[occurrence]] = occurrence
    return found


@dataclass(frozen=True)
class Holidays:
    """Where holidays are in a series.

    Parameters
    ----------
    calendar
        When they are.
    step
        The usual distance of two times.
    owners
        The occurrence that each place of the series is in, -1 for none; shape (n,).
    offsets
        How many steps behind the beginning of its occurrence a place lies; shape (n,).
    rows
        Which rows are on holidays; shape (number of rows,).
    """

    calendar: Calendar
    step: float
    owners: NDArray[np.int64]
    offsets: NDArray[np.int64]
    rows: NDArray[np.bool_]

    @classmethod
    def of(cls, calendar: Calendar, times: NDArray[np.int64], sampling: Sampling) -> Self:
        """Find the points that are on holidays; O(n + k log n)."""
        ordered = times[sampling.rows]
        distances = np.diff(ordered)
        apart = distances[distances > 0]
        step = sampling.step or (float(np.median(apart)) if len(apart) else 1.0)
        own = calendar.owners(ordered)
        owners, offsets = np.full(sampling.n, -1, np.int64), np.zeros(sampling.n, np.int64)
        owners[sampling.places] = own
        on = own >= 0
        offsets[sampling.places[on]] = steps(ordered[on], calendar.starts[own[on]], step)
        rows = np.zeros(len(times), np.bool_)
        rows[sampling.rows[on]] = True
        return cls(calendar, step, owners, offsets, rows)

    def without(self, values: Floats) -> Floats:
        """Return values of places, of shape (n,), without those on holidays."""
        return np.where(self.owners >= 0, np.nan, values)

    def likened(self, sampling: Sampling, X: Floats, values: Floats) -> Floats:
        """Return rows of shape (rows, 1), those on holidays with the `values` that places of shape (n,) have."""
        on = self.rows[:, np.newaxis] & np.isfinite(X)
        return np.where(on, sampling.of_rows(values, len(X))[:, np.newaxis], X)


class Effect(NamedTuple):
    """What holidays change about the ordinary expectation; all of shape (m,).

    Parameters
    ----------
    shift
        What is added to the expected value.
    factor, least
        What the scale is multiplied by, and how much it is at least.
    """

    shift: Floats
    factor: Floats
    least: Floats

    def applied(self, expected: Floats, scale: Floats) -> tuple[Floats, Floats]:
        """Return what is expected of holidays, and its scale, from what is expected of ordinary points."""
        return expected + self.shift, np.maximum(scale * self.factor, self.least)


@dataclass(frozen=True)
class Effects:
    """How far holidays were off the ordinary expectation.

    Parameters
    ----------
    holidays
        Where they are.
    offsets, differences, scales
        Of each point that teaches, those of one occurrence together: how many steps behind the beginning it lies, what
        it differed by, and the ordinary scale there; shape (m,).
    bounds
        Where the points of each occurrence begin among these, and where the last one's end; shape (k + 1,).
    first, last
        The first and last place of each occurrence; -1 for one without any.
    values
        The ordinary values of the series; shape (n,), NaN where there is none.
    """

    holidays: Holidays
    offsets: NDArray[np.int64]
    differences: Floats
    scales: Floats
    bounds: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    values: Floats

    @classmethod
    def of(cls, holidays: Holidays, values: Floats, expected: Floats, scale: Floats) -> Self:
        """Compare holidays with what is expected of ordinary points at their places.

        Parameters
        ----------
        holidays
            Where they are.
        values
            Shape (n,), NaN where there is none that teaches.
        expected, scale
            Of the first places, from ordinary points; what lies behind them is not known.
        """
        places = np.flatnonzero(holidays.owners[: len(expected)] >= 0)
        own = holidays.owners[places]
        k = len(holidays.calendar)
        first, last = np.full(k, -1, np.int64), np.full(k, -1, np.int64)
        first[own[::-1]], last[own] = places[::-1], places
        known = np.isfinite(values[places]) & ~np.isnan(expected[places])
        places, own = places[known], own[known]
        order = np.argsort(own, kind="stable")
        places = places[order]
        return cls(
            holidays, holidays.offsets[places], values[places] - expected[places], scale[places],
            np.searchsorted(own[order], np.arange(k + 1)), first, last, holidays.without(values),
        )  # fmt: skip

    def adjust(self, expected: Floats, scale: Floats, part: slice, mode: Mode) -> None:
        """Write what is expected of holidays in a part of the series over the ordinary expectation there."""
        for occurrence in np.flatnonzero((self.first < part.stop) & (self.last >= part.start)).tolist():
            inside = slice(max(self.first[occurrence], part.start), min(self.last[occurrence] + 1, part.stop))
            places = np.flatnonzero(self.holidays.owners[inside] == occurrence) + inside.start
            around = slice(self.first[occurrence], self.last[occurrence] + 1)
            effect = self._effect(occurrence, self.holidays.offsets[places], around, mode)
            expected[places], scale[places] = effect.applied(expected[places], scale[places])

    def behind(self, occurrence: int, offsets: NDArray[np.int64]) -> Effect:
        """Return what is expected of an occurrence behind the last point, at some offsets."""
        n = len(self.values)
        return self._effect(occurrence, offsets, slice(n, n), Mode.RETROSPECTIVE)

    def ahead(self, times: NDArray[np.int64], expected: Floats, scale: Floats) -> tuple[Floats, Floats]:
        """Return what is expected at ascending times behind the last point, and its scale, from that of ordinary ones.

        All of shape (h,).
        """
        expected, scale = expected.copy(), scale.copy()
        calendar = self.holidays.calendar
        owners = calendar.owners(times)
        for occurrence in np.unique(owners[owners >= 0]).tolist():
            places = np.flatnonzero(owners == occurrence)
            offsets = steps(times[places], calendar.starts[occurrence], self.holidays.step)
            expected[places], scale[places] = self.behind(occurrence, offsets).applied(expected[places], scale[places])
        return expected, scale

    def _effect(self, occurrence: int, offsets: NDArray[np.int64], around: slice, mode: Mode) -> Effect:
        shift, factor = self.told(offsets, occurrence, self._others(occurrence, mode))
        unknown = np.isnan(shift)
        least = self.spread(around, mode) if unknown.any() else 0.0
        return Effect(np.where(unknown, 0.0, shift), np.where(unknown, 1.0, factor), np.where(unknown, least, 0.0))

    def told(self, offsets: NDArray[np.int64], occurrence: int, others: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return what others differed by at some offsets, and by how much the scale grows; NaN where too few tell."""
        shift, factor = np.full((2, len(offsets)), np.nan)
        kinds = self.holidays.calendar.kinds
        for group in (others[kinds[others] == kinds[occurrence]], others):
            missing = np.flatnonzero(np.isnan(shift))
            nearest = group[np.argsort(np.abs(group - occurrence), kind="stable")[:_REMEMBERED]]
            if not len(missing) or len(nearest) < ENOUGH:
                continue
            columns, table, scales = self._table(nearest)
            missing = missing[np.isin(offsets[missing], columns)]
            if len(missing):
                place = np.searchsorted(columns, offsets[missing])
                shift[missing] = np.nanmedian(table[:, place], axis=0)
                known = int((self.bounds[nearest + 1] > self.bounds[nearest]).sum())
                factor[missing] = _factor(table, scales, known)
        return shift, factor

    def _table(self, occurrences: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats, Floats]:
        """Return the offsets that enough of some occurrences have, what each differs by there, and the scales.

        The table has as many columns as there are such offsets: the longest holiday may have millions that no other
        has. NaN where nothing is known.
        """
        lengths = self.bounds[occurrences + 1] - self.bounds[occurrences]
        cells = np.concatenate([np.arange(self.bounds[each], self.bounds[each + 1]) for each in occurrences])
        rows = np.repeat(np.arange(len(occurrences)), lengths)
        columns, place, counts = np.unique(self.offsets[cells], return_inverse=True, return_counts=True)
        shared = counts >= ENOUGH
        inside = shared[place]
        rows, place, cells = rows[inside], (np.cumsum(shared) - 1)[place[inside]], cells[inside]
        table = np.full((len(occurrences), int(shared.sum())), np.nan)
        scales = table.copy()
        table[rows, place], scales[rows, place] = self.differences[cells], self.scales[cells]
        # Points at irregular times may share an offset within one occurrence.
        enough = (~np.isnan(table)).sum(axis=0) >= ENOUGH
        return columns[shared][enough], table[:, enough], scales[:, enough]

    def spread(self, inside: slice, mode: Mode) -> float:
        """Return how far ordinary values around an occurrence lie from their median, on average."""
        behind = inside.start if mode is Mode.CAUSAL else inside.stop + _AROUND
        around = self.values[max(inside.start - _AROUND, 0) : behind]
        around = around[np.isfinite(around)]
        if not len(around):
            return 0.0
        distances = np.abs(around - np.median(around))
        return float(np.minimum(distances, np.quantile(distances, _EXTREME)).mean())

    def _others(self, occurrence: int, mode: Mode) -> NDArray[np.int64]:
        """Return the other occurrences that have points; of causal results those that were over before."""
        there = self.first >= 0
        if mode is Mode.CAUSAL:
            there &= self.last < self.first[occurrence]
        there[occurrence] = False
        return np.flatnonzero(there)


def on_holidays(expectation: Expected, holidays: Holidays, values: Floats, mode: Mode) -> tuple[Expected, Effects]:
    """Return what is expected where holidays are told from ordinary points, and what the last of them are known by.

    A point takes the median of what other occurrences of its holiday differed by at the same offset, and where
    these are fewer than three, of all others; where they are, too, it keeps the ordinary expectation, and its
    scale is that of the season. Of causal results, the others are those before, compared with what was known of
    ordinary points when the point came.

    Parameters
    ----------
    expectation
        Of ordinary points; shape (n,).
    holidays
        Where they are.
    values
        Shape (n,), NaN where there is none that teaches.
    mode
        Which other occurrences count.

    Notes
    -----
    O(k log n + m log m) for k occurrences with m points, each of which is looked at by no more than 32 others of its
    name and 32 of all.
    """
    expected, scale = expectation.expected.copy(), expectation.scale.copy()
    whole = (slice(0, len(expected)), expectation.expected, expectation.scale)
    for part, ordinary, spread in expectation.learned or (whole,):
        effects = Effects.of(holidays, values, ordinary, spread)
        effects.adjust(expected, scale, part, mode)
    return replace(expectation, expected=expected, scale=scale), effects


def as_ordinary(values: Floats, ordinary: Expected, adjusted: Expected) -> Floats:
    """Return values as far off the ordinary expectation as they are off their own, each in its scale; shape (n,).

    What looks at shapes sees nothing of holidays then, and sees what is strange on them.

    Parameters
    ----------
    values
        Of the series' places.
    ordinary, adjusted
        What is expected of ordinary points, and what is expected.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(adjusted.scale > 0.0, ordinary.scale / adjusted.scale, 1.0)
    result: Floats = ordinary.expected + (values - adjusted.expected) * ratio
    return result


def median_of_others(table: Floats) -> Floats:
    """Return, for each value, the median of the other ones in its column; NaN where fewer than two are known.

    Parameters
    ----------
    table
        Shape (k, m), NaN where nothing is known.

    Examples
    --------
    >>> median_of_others(np.array([[1.0], [np.nan], [5.0], [9.0]])).ravel().tolist()
    [7.0, nan, 5.0, 3.0]
    """
    order = np.argsort(table, axis=0, kind="stable")
    ranked = np.take_along_axis(table, order, axis=0)
    others = (~np.isnan(table)).sum(axis=0) - 1
    rank = np.arange(len(table))[:, np.newaxis]
    middle = np.zeros(table.shape)
    for place in ((others - 1) // 2, others // 2):
        # Without the value itself, those behind it move up.
        taken = np.clip(place + (place >= rank), 0, len(table) - 1)
        middle += np.take_along_axis(ranked, taken, axis=0) / 2.0
    middle[(rank > others) | (others < ENOUGH - 1)] = np.nan
    result = np.empty(table.shape)
    np.put_along_axis(result, order, middle, axis=0)
    return result


def steps(times: NDArray[np.int64], starts: NDArray[np.int64], step: float | Floats) -> NDArray[np.int64]:
    """Return how many steps of a series lie between the beginnings of holidays and times; shape (n,)."""
    return np.rint((times - starts) / step).astype(np.int64)


def _factor(table: Floats, scales: Floats, known: int) -> float:
    """Return how much farther so many occurrences are from the median of the others than ordinary points are off."""
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = np.abs(table - median_of_others(table)) / scales
    errors = errors[np.isfinite(errors)]
    if not len(errors):
        return 1.0
    size = float(np.minimum(errors, _CLIP * np.median(errors)).mean())
    return max(size, 1.0) * (1.0 + _UNCERTAINTY / known)
