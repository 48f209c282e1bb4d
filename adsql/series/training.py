"""From the rows of one series to what is kept of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from adsql.errors import InvalidOption
from adsql.series.algorithms import AUTO, DECOMPOSITION
from adsql.series.columns import microseconds
from adsql.series.detection import Status
from adsql.series.forecasts import Forecasts
from adsql.series.holidays import Holidays
from adsql.series.later_holidays import LaterHolidays
from adsql.series.options import SeriesOptions
from adsql.series.sampling import Sampling
from adsql.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

    from adsql.arrow import Floats
    from adsql.series.holidays import Calendar

_OFF = 0.1  # how much the mean distance of times may be off the usual one
_LARGEST = 1e50  # value: what is stored of larger ones would be refused
_NOT_KEPT = {
    "window_neighbours": "it compares whole windows, and a new point is none",
    "channel_neighbours": "it averages over the points around each, and behind a new one there are none",
    "stream_novelty": "it compares each point with thousands before it, all of which it would have to keep",
}


def parsed(given: Mapping[str, object], n_channels: int = 1) -> SeriesOptions:
    """Check the options of a model of series.

    Raises
    ------
    OptionError
        For anything that cannot be used, and for algorithms of which nothing can be kept.
    """
    options = SeriesOptions.parse(n_channels, **given)
    if options.algorithm is AUTO:
        # Of what it puts together, this is what can be kept.
        return replace(options, algorithm=DECOMPOSITION)
    name = options.algorithm.spec.name
    if options.algorithm is not DECOMPOSITION:
        raise InvalidOption(
            f"{name} cannot be kept as a model: {_NOT_KEPT.get(name, 'it needs the whole series')}",
            allowed=f"{DECOMPOSITION.spec.name!r}, of one value column",
            hint="detect_series_anomalies judges whole series",
        )
    return options


def fit_series(
    key: str,
    time: pa.Array[Any],
    X: Floats,
    excluded: NDArray[np.bool_],
    options: SeriesOptions,
    calendar: Calendar | None = None,
) -> bytes:
    """Return what is kept of one series, or why it is not, as bytes for `SeriesModel.of`.

    Parameters
    ----------
    key
        The series as text.
    time, X, excluded
        As for `detect`, rows in any order.
    options
        Checked by `parsed`.
    calendar
        When there are holidays, in the unit of `time`.
    """
    times, known, kind = microseconds(time)
    sampling = Sampling.of(times, known)
    own: dict[str, Any] = {"key": key, "n_rows": len(X), "time_kind": kind}
    every = sampling.spread(np.where(excluded, np.nan, X[:, 0]))
    holidays = Holidays.of(calendar.in_microseconds(time.type), times, sampling) if calendar else None
    values = every if holidays is None else holidays.without(every)
    ordered = times[sampling.rows]
    length = int(ordered[-1]) - int(ordered[0]) if len(ordered) else 0
    step = length / (sampling.n - 1) if sampling.n > 1 else 0.0
    # Where places merely count the times, a season has no place in time.
    in_time = sampling.step is not None and abs(step / sampling.step - 1.0) < _OFF
    if (np.abs(every[np.isfinite(every)]) > _LARGEST).any():
        reason, kept = f"it has values beyond {_LARGEST:g}", None
    else:
        reason, kept = str(Status.TOO_SHORT), Forecasts.fit(values, options.periods if in_time else ())
    if kept is None or not step > 0.0:
        return State.joined({"series": State({**own, "reason": reason})}).to_bytes()
    last = int(ordered[-1])
    own |= {"last": last, "step": step}
    parts = {"series": State(own), "kept": kept.to_state()}
    if holidays is not None:
        parts["holidays"] = LaterHolidays.of(holidays, every, kept, last).to_state()
    return State.joined(parts).to_bytes()
