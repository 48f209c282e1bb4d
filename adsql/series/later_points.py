"""What a model expects of points that come later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from adsql.series.expectation import standardised
from adsql.series.findings import directed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats
    from adsql.series.forecasts import Forecasts
    from adsql.series.later_holidays import LaterHolidays
    from adsql.series.options import SeriesOptions


@dataclass(frozen=True)
class LaterPoints:
    """What was expected of rows, as `detection.verdict` takes it; NaN where nothing is known."""

    deviates: Floats
    expected: Floats
    scale: Floats
    owners: NDArray[np.int64]
    kept: Forecasts

    @classmethod
    def of(
        cls,
        kept: Forecasts,
        owners: NDArray[np.int64],
        ahead: NDArray[np.int64],
        times: NDArray[np.int64],
        values: Floats,
        options: SeriesOptions,
        holidays: LaterHolidays | None,
    ) -> LaterPoints:
        """Return what is expected of points so many steps behind the last of their series, and how rare they are."""
        expected, scale = kept.expected(owners, ahead)
        if holidays is not None:
            expected, scale = holidays.applied(owners, times, expected, scale)
        signed = kept.tails_of(owners).deviates(standardised(values, expected, scale))
        return cls(directed(signed, options.direction), expected, scale, owners, kept)

    @property
    def scores(self) -> Floats:
        """How rare they are."""
        return self.deviates

    def spread(self, rows: NDArray[np.int64], n: int) -> LaterPoints:
        """Return the same for n rows, of which these are known."""
        deviates, expected, scale = np.full((3, n), np.nan)
        deviates[rows], expected[rows], scale[rows] = self.deviates, self.expected, self.scale
        owners = np.zeros(n, np.int64)
        owners[rows] = self.owners
        return LaterPoints(deviates, expected, scale, owners, self.kept)

    def bounds(self, deviate: float) -> tuple[Floats, Floats]:
        """Return the bounds at a normal deviate."""
        low, high = self.kept.tails_of(self.owners).interval(deviate)
        return self.expected + low * self.scale, self.expected + high * self.scale
