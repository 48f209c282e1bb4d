"""What comes after the last point of a series: at which times, and what to expect there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats
    from adsql.series.forecasts import Forecasts
    from adsql.series.holidays import Effects
    from adsql.series.sampling import Sampling

_LATEST = 2.0**62
_DRIFTING = 0.01  # of a step: where the mean distance is farther off, steps are of several lengths, as months are
_YEARS = (np.datetime64("0001-01-01"), np.datetime64("9999-12-31"))  # whose text every database reads


def times_ahead(times: NDArray[np.int64], sampling: Sampling, horizon: int) -> NDArray[np.int64]:
    """Return the times of the next points, at the usual distance of those before; shape (horizon,).

    Fewer where numbers end, and none for a series that has no two times.

    Parameters
    ----------
    times
        Those of the rows, in any unit and order.
    sampling
        Where the rows belong.
    horizon
        How many.

    Examples
    --------
    >>> from adsql.series.sampling import Sampling
    >>> times = np.array([0, 10, 20, 30, 50])
    >>> times_ahead(times, Sampling.of(times, np.ones(5, dtype=bool)), 3).tolist()
    [60, 70, 80]
    """
    ordered = times[sampling.rows]
    distances = np.diff(ordered)
    apart = distances[distances > 0]
    if not len(apart):
        return np.zeros(0, np.int64)
    step = float(np.median(apart))
    if sampling.step is not None:
        mean = (float(ordered[-1]) - float(ordered[0])) / (sampling.n - 1)
        step = mean if _DRIFTING < abs(mean / step - 1.0) < 1.0 else step
    steps = np.rint(np.arange(1, horizon + 1) * step)
    reachable = float(ordered[-1]) + steps < _LATEST
    later: NDArray[np.int64] = ordered[-1] + steps[reachable].astype(np.int64)
    return later


def time_texts(times: NDArray[np.int64], kind: pa.DataType) -> list[str | None]:
    """Return times of a column's unit as text that a database casts to the column's type.

    Parameters
    ----------
    times
        Shape (h,).
    kind
        The column's type. Times that it cannot hold, and those of other years than 1 to 9999, are None.

    Examples
    --------
    >>> time_texts(np.array([19_723]), pa.date32()), time_texts(np.array([127, 128]), pa.int8())
    (['2024-01-01'], ['127', None])
    """
    if pa.types.is_integer(kind):
        limits: Any = np.iinfo(kind.to_pandas_dtype())
        return [str(time) if limits.min <= time <= limits.max else None for time in times.tolist()]
    unit = "D" if pa.types.is_date(kind) else getattr(kind, "unit", "us")
    moments = times.astype(f"datetime64[{unit}]")
    days = moments.astype("datetime64[D]")
    zone = "+00" if getattr(kind, "tz", None) is not None else ""
    return [
        str(moment).replace("T", " ") + zone if _YEARS[0] <= day <= _YEARS[1] else None
        for moment, day in zip(moments, days, strict=True)
    ]


def texts_behind(rows: int, times: NDArray[np.int64], kind: pa.DataType) -> list[str | None] | None:
    """Return a text for each of some rows: NULL, but for the last ones, whose times are to come; None if none is.

    Examples
    --------
    >>> texts_behind(3, np.array([7, 8]), pa.int64())
    [None, '7', '8']
    """
    return [*[None] * (rows - len(times)), *time_texts(times, kind)] if len(times) else None


def expected_ahead(
    kept: Forecasts | None, later: NDArray[np.int64], deviate: float, effects: Effects | None = None
) -> tuple[Floats, Floats, Floats]:
    """Return what is expected of the next points, and the bounds at a normal deviate; each of shape (count,).

    NaN beyond the distance at which the errors of forecasts are known, and where nothing is kept.

    Parameters
    ----------
    kept
        What is known of the series.
    later
        The times of the points; shape (count,).
    deviate
        Of the bounds.
    effects
        What is known of holidays.
    """
    expected, lower, upper = np.full((3, len(later)), np.nan)
    if kept is not None:
        known = min(len(later), int(kept.reach[0]))
        owners = np.zeros(known, np.int64)
        forecast, scale = kept.expected(owners, np.arange(1, known + 1))
        if effects is not None:
            forecast, scale = effects.ahead(later[:known], forecast, scale)
        low, high = kept.tails_of(owners).interval(deviate)
        expected[:known], lower[:known], upper[:known] = forecast, forecast + low * scale, forecast + high * scale
    return expected, lower, upper
