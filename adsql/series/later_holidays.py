"""What a model of series keeps of holidays: those that come within its reach, and what is expected of them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from adsql.series.decomposition import EXPERTS
from adsql.series.expectation import smoothed
from adsql.series.holidays import Effect, Effects, Holidays, occurrence_of, steps
from adsql.state import State, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adsql.arrow import Floats
    from adsql.series.forecasts import Forecasts

_LARGEST_INT = 2**31 - 1


@dataclass(frozen=True)
class LaterHolidays:
    """Holidays behind the last points of N series, M occurrences with C points in all.

    Parameters
    ----------
    counts
        How many occurrences each series has; shape (N,).
    step
        The usual distance of two times of each series; shape (N,).
    starts, ends
        The first and the last time of each occurrence, of one that has begun from about the last point on; in the order
        of their beginnings within a series; shape (M,).
    lengths
        How many points each occurrence has; shape (M,).
    shift, factor, least
        What each point changes about the ordinary expectation, as an `Effect`; shape (C,).
    """

    counts: NDArray[np.int32]
    step: Floats
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    lengths: NDArray[np.int32]
    shift: Floats
    factor: Floats
    least: Floats

    @classmethod
    def of(cls, holidays: Holidays, values: Floats, kept: Forecasts, last: int) -> Self:
        """Find what is expected of the holidays that a model of one series reaches.

        Parameters
        ----------
        holidays
            Where they are, those to come among them.
        values
            Shape (n,), NaN where there is none that teaches.
        kept
            What is kept of ordinary points.
        last
            The time of the last point.
        """
        periods = tuple(period for period in kept.periods[0].tolist() if period > 1)
        effects = Effects.of(holidays, values, *smoothed(holidays.without(values), periods, EXPERTS))
        calendar, step = holidays.calendar, holidays.step
        reach = int(kept.reach[0]) + 1
        found = np.flatnonzero((calendar.ends > last) & (calendar.starts <= last + reach * step))
        # What is over of one that has begun nobody will ask, nor what of it is beyond reach.
        over = np.maximum((last - calendar.starts[found]) // step, 0.0).astype(np.int64)
        starts, ends = calendar.starts[found] + np.rint(over * step).astype(np.int64), calendar.ends[found]
        beyond = steps(np.full(len(found), last), starts, step) + reach
        lengths = np.minimum(steps(ends, starts, step), beyond) + 1
        told = [
            effects.behind(o, np.arange(first, first + n))
            for o, first, n in zip(found.tolist(), over.tolist(), lengths.tolist(), strict=True)
        ]
        parts = [
            np.concatenate([each[i] for each in told]) if told else np.zeros(0) for i in range(len(Effect._fields))
        ]
        return cls(
            np.array([len(found)], np.int32), np.array([step]), starts, ends, lengths.astype(np.int32), *parts
        )  # fmt: skip

    @classmethod
    def stacked(cls, parts: Sequence[Self | None]) -> Self | None:
        """Put series together, in their order; None if none has any."""
        if all(part is None for part in parts):
            return None
        every = [cls.nothing() if part is None else part for part in parts]
        return cls(*(np.concatenate([getattr(part, field.name) for part in every]) for field in fields(cls)))

    @classmethod
    def nothing(cls) -> Self:
        """Return one series without holidays."""
        none, times = np.zeros(0), np.zeros(0, np.int64)
        return cls(np.zeros(1, np.int32), np.ones(1), times, times, np.zeros(0, np.int32), none, none, none)

    def applied(
        self, owners: NDArray[np.int64], times: NDArray[np.int64], expected: Floats, scale: Floats
    ) -> tuple[Floats, Floats]:
        """Return what is expected at some times of their series, and its scale, from that of ordinary ones.

        All arrays have shape (n,). O(n log n), and for each series as much as it has occurrences.
        """
        expected, scale = expected.copy(), scale.copy()
        for owner in np.unique(owners[self.counts[owners] > 0]).tolist():
            own = slice(self._first[owner], self._first[owner] + self.counts[owner])
            rows = np.flatnonzero(owners == owner)
            rows = rows[np.argsort(times[rows], kind="stable")]
            place = occurrence_of(self.starts[own], self.ends[own], times[rows])
            rows, occurrence = rows[place >= 0], own.start + place[place >= 0]
            offsets = steps(times[rows], self.starts[occurrence], self.step[owner])
            cells = self._cells[occurrence] + np.minimum(offsets, self.lengths[occurrence] - 1)
            effect = Effect(self.shift[cells], self.factor[cells], self.least[cells])
            expected[rows], scale[rows] = effect.applied(expected[rows], scale[rows])
        return expected, scale

    @cached_property
    def _first(self) -> NDArray[np.int64]:
        return np.cumsum(self.counts, dtype=np.int64) - self.counts

    @cached_property
    def _cells(self) -> NDArray[np.int64]:
        return np.cumsum(self.lengths, dtype=np.int64) - self.lengths

    def to_state(self) -> State:
        """Return the arrays to store."""
        return State({}, {field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def from_state(cls, state: State) -> Self | None:
        """Restore what `to_state` returned; None if nothing was stored.

        Raises
        ------
        CorruptModel
            If the arrays do not fit each other.
        """
        if not state.arrays:
            return None
        result = cls(
            state.integers("counts", 0, _LARGEST_INT), state.floats("step"), state.wholes("starts"),
            state.wholes("ends"), state.integers("lengths", 1, _LARGEST_INT), state.floats("shift"),
            state.floats("factor"), state.floats("least"),
        )  # fmt: skip
        occurrences, cells = len(result.starts), len(result.shift)
        require(len(result.step) == len(result.counts), "the series of holidays are inconsistent")
        require(bool((result.step > 0.0).all()), "a series with holidays has no step")
        require(int(result.counts.sum(dtype=np.int64)) == occurrences, "holidays are missing")
        require(len(result.ends) == len(result.lengths) == occurrences, "holidays are inconsistent")
        require(bool((result.ends >= result.starts).all()), "a holiday ends before it begins")
        require(int(result.lengths.sum(dtype=np.int64)) == cells, "points of holidays are missing")
        require(len(result.factor) == len(result.least) == cells, "points of holidays are inconsistent")
        require(bool((result.factor >= 1.0).all() and (result.least >= 0.0).all()), "a scale is negative")
        return result
