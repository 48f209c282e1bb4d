"""Results of series as what a picture shows of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from adsql.arrow import column_named, plain_array, unbounded_float64
from adsql.errors import EmptySource, MissingColumn, UnusableColumn
from adsql.series.columns import TIME, microseconds
from adsql.wording import listing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

_FLOATS = ("value", "expected_value", "lower_bound", "upper_bound", "anomaly_score")
_NEEDED = ("series", "ts", "value", "anomaly_score", "is_anomaly")
_OF_INCIDENTS = ("started_at", "ended_at")


@dataclass(frozen=True)
class Incident:
    """A time in which something happened, in the unit of the series' times."""

    start: Any
    end: Any


@dataclass(frozen=True)
class PlottedSeries:
    """A series and what was found in it, in the order of time; arrays of shape (n,), NaN where there is nothing.

    Parameters
    ----------
    name
        The series as text; empty if the source was one.
    times
        `datetime64[us]`, or whole numbers.
    value, expected, lower, upper, score
        As the columns of the results.
    is_anomaly
        Which points are.
    incidents
        What is known to have happened.
    """

    name: str
    times: NDArray[Any]
    value: Floats
    expected: Floats
    lower: Floats
    upper: Floats
    score: Floats
    is_anomaly: NDArray[np.bool_]
    incidents: tuple[Incident, ...] = ()

    @property
    def has_bounds(self) -> bool:
        """Whether the algorithm said what it expected."""
        return bool(np.isfinite(self.expected).any())


def read(results: pa.Table, incidents: pa.Table | None = None) -> list[PlottedSeries]:
    """Take results of series apart.

    Parameters
    ----------
    results
        What `detect_series_anomalies` or `score_series` returned, of one value column.
    incidents
        With `started_at`, `ended_at` and, where there are several series, `series`; what `anomaly_incidents` returns,
        or what is known to have happened.

    Returns
    -------
    list of PlottedSeries
        Those with the strangest point first.

    Raises
    ------
    EmptySource
        If there is nothing to show.
    MissingColumn, UnusableColumn
        If these are no such results.
    """
    columns = {name: _column(results, name) for name in _NEEDED}
    times, known = _times(columns["ts"])
    value, expected, lower, upper, score = (_floats(results, name) for name in _FLOATS)
    strange = columns["is_anomaly"].fill_null(False).to_numpy(zero_copy_only=False).astype(np.bool_)
    names = _names(columns["series"])
    happened = _incidents(incidents) if incidents is not None else []
    kept = np.flatnonzero(known)
    if not len(kept):
        raise EmptySource("there are no points to show", hint="check the source and its times")
    order = kept[np.argsort(times[kept], kind="stable")]
    found = []
    for name in dict.fromkeys(names[order].tolist()):
        rows = order[names[order] == name]
        own = tuple(incident for series, incident in happened if series in (None, name))
        found.append(
            PlottedSeries(
                name,
                times[rows],
                value[rows],
                expected[rows],
                lower[rows],
                upper[rows],
                score[rows],
                strange[rows],
                own,
            )
        )
    return sorted(found, key=_strangest)


def _strangest(series: PlottedSeries) -> tuple[float, str]:
    scores = series.score[np.isfinite(series.score)]
    return (-float(scores.max()) if len(scores) else 0.0, series.name)


def _column(table: pa.Table, name: str) -> pa.Array[Any]:
    found = column_named(name, table.column_names)
    if found is None:
        raise MissingColumn(
            f"there is no column {name!r}",
            allowed=f"results of series, with {listing(_NEEDED)}, or incidents with {listing(_OF_INCIDENTS)}",
            hint="plot what detect_series_anomalies returns",
        )
    column: pa.Array[Any] = plain_array(table[found])
    return column


def _times(column: pa.Array[Any]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    times, known, kind = microseconds(column)
    return (times.astype("datetime64[us]") if kind == TIME else times), known


def _floats(table: pa.Table, name: str) -> Floats:
    if name not in _NEEDED and column_named(name, table.column_names) is None:
        return np.full(len(table), np.nan)
    column = _column(table, name)
    if pa.types.is_nested(column.type):
        raise UnusableColumn(f"column {name!r} holds several values", allowed="results of one value column")
    return unbounded_float64(column)


def _names(column: pa.Array[Any]) -> NDArray[np.object_]:
    texts = np.empty(len(column), dtype=object)
    texts[:] = [_text(value) for value in column.to_pylist()]
    return texts


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(map(_text, value.values()))
    return "" if value is None else str(value)


def _incidents(table: pa.Table) -> list[tuple[str | None, Incident]]:
    (start, begun), (end, ended) = (_times(_column(table, name)) for name in _OF_INCIDENTS)
    own = column_named("series", table.column_names)
    names = [None] * len(table) if own is None else _names(_column(table, own)).tolist()
    known = np.flatnonzero(begun & ended)
    return [(names[row], Incident(start[row], end[row])) for row in known]
