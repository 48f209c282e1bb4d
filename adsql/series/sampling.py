"""From rows with times to a series with a place for every point of time that there should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

_TOLERANCE = 0.1  # of a step: how far a point may be off the grid
_REGULAR = 0.9  # of the distances must be whole steps
_MOST_PLACES = 4  # as many places as points, or the gaps are the series


@dataclass(frozen=True)
class Sampling:
    """Where each row of a series belongs.

    Parameters
    ----------
    rows
        The rows that have a time, in its order; shape (m,).
    places
        Their places in the series, ascending; rows of the same time share one.
    n
        Places in the series.
    step
        The time between two places; None where the sampling is irregular, and places merely count the times.
    """

    rows: NDArray[np.int64]
    places: NDArray[np.int64]
    n: int
    step: float | None

    @classmethod
    def of(cls, times: NDArray[np.int64], known: NDArray[np.bool_]) -> Sampling:
        """Find the step of times and the gaps between them; O(n), and O(n log n) for times out of order.

        Parameters
        ----------
        times
            In any unit, shape (n,).
        known
            Which rows have a time.

        Examples
        --------
        >>> import numpy as np
        >>> found = Sampling.of(np.array([0, 10, 20, 20, 50, 60, 70]), np.ones(7, dtype=bool))
        >>> found.places.tolist(), found.step
        ([0, 1, 2, 2, 5, 6, 7], 10.0)
        """
        rows = np.flatnonzero(known)
        ordered = times[rows]
        if (ordered[1:] < ordered[:-1]).any():
            order = np.argsort(ordered, kind="stable")
            rows, ordered = rows[order], ordered[order]
        distances = np.diff(ordered)
        apart = distances[distances > 0]
        counted = np.concatenate([np.zeros(min(len(rows), 1), np.int64), np.cumsum(distances > 0)])
        if not len(apart):
            return cls(rows, counted, min(len(rows), 1), None)
        step = float(np.median(apart))
        steps = distances / step
        whole = np.maximum(np.round(steps), (distances > 0).astype(float))
        regular = np.abs(steps - whole)[distances > 0] <= _TOLERANCE
        if regular.mean() < _REGULAR:
            return cls(rows, counted, int(counted[-1]) + 1, None)
        if whole.sum() >= _MOST_PLACES * len(rows):
            return cls(rows, counted, int(counted[-1]) + 1, step)
        places = np.concatenate([[0], np.cumsum(whole.astype(np.int64))])
        return cls(rows, places, int(places[-1]) + 1, step)

    def spread(self, values: Floats) -> Floats:
        """Return values of rows as a series of shape (n,): the mean of rows at the same time, NaN in gaps."""
        taken = values[self.rows]
        if self.n == len(taken):
            return taken
        present = np.isfinite(taken)
        counts = np.bincount(self.places[present], minlength=self.n)
        sums = np.bincount(self.places[present], taken[present], minlength=self.n)
        with np.errstate(invalid="ignore"):
            mean: Floats = sums / counts
        return mean

    def of_rows(self, values: Floats, n: int) -> Floats:
        """Return what a series of shape (self.n,) has at the place of each of n rows; NaN for rows without a time."""
        result = np.full(n, np.nan)
        result[self.rows] = values[self.places]
        return result
