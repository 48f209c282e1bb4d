"""The UDF that judges series: whole ones as lists, several a call."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from adsql.arrow import plain_array, unbounded_float64
from adsql.series.columns import whole_times
from adsql.series.detection import Detected, Judged, detect
from adsql.series.holidays import Calendar
from adsql.series.horizon import texts_behind
from adsql.series.options import SeriesOptions
from adsql_udfs.duckdb.results import DETECTED, JUDGED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adsql.arrow import Floats

Column = Any  # a pyarrow.ChunkedArray, whose stubs know no nested types

_NUMBERS = ("expected", "lower", "upper", "score", "severity")


class Rows(NamedTuple):
    """The rows of some series: times, values, which are excluded, where each series begins and ends, covariates."""

    time: pa.Array[Any]
    X: Floats
    excluded: NDArray[np.bool_]
    offsets: NDArray[np.int64]
    covariates: Floats | None


def unfolded(lists: Column) -> Rows:
    """Return the rows of lists, one a series; rows beside the lists are series without any.

    A list has structs of the time `t`, the values `v0`, `v1`, ..., covariates `c0`, ..., and whether the row is
    excluded, `x`.
    """
    whole: Any = plain_array(lists)
    offsets = whole.offsets.to_numpy().astype(np.int64)
    rows = whole.values.slice(int(offsets[0]), int(offsets[-1] - offsets[0]))
    X, covariates = _table(rows, "v"), _table(rows, "c")
    excluded = rows.field("x").fill_null(False).to_numpy(zero_copy_only=False)
    return Rows(rows.field("t"), X, excluded, offsets - offsets[0], covariates if covariates.shape[1] else None)


def _table(rows: pa.StructArray, initial: str) -> Floats:
    """Return the fields whose names begin so, as columns."""
    names = [field.name for field in rows.type if field.name.startswith(initial)]
    return np.column_stack([np.zeros((len(rows), 0)), *(unbounded_float64(rows.field(name)) for name in names)])


def judge(lists: Column, calendars: Column, options: Column) -> pa.Array[Any]:
    """Return, for each series, the verdicts on its rows in their order, whose they are, and the season."""
    if not len(lists):
        return _detected([], pa.null())
    time, X, excluded, offsets, covariates = unfolded(lists)
    times, known = whole_times(time)
    asked = SeriesOptions.parse(X.shape[1], **json.loads(options[0].as_py()))
    judged: list[Detected | None] = []
    for (first, last), days in zip(pairwise(offsets.tolist()), calendars, strict=True):
        part = slice(first, last)
        # A row beside the lists has none.
        there = first < last
        judged.append(
            detect(
                times[part], known[part], X[part], excluded[part], asked, calendar(days),
                None if covariates is None else covariates[part],
            )
            if there else None
        )  # fmt: skip
    return _detected(judged, time.type)


def calendar(days: Any) -> Calendar | None:  # noqa: ANN401 - a pyarrow.ListScalar, whose stubs know no structs
    """Return the holidays of a series, a scalar of structs: a name, the first time and the last."""
    if not days.is_valid:
        return None
    rows = days.values
    (starts, known), (ends, over) = whole_times(rows.field("first")), whole_times(rows.field("last"))
    both = known & over
    names = rows.field("name").filter(pa.array(both)).to_pylist()
    return Calendar.of(starts[both], ends[both], names)


def _detected(judged: Sequence[Detected | None], kind: pa.DataType) -> pa.Array[Any]:
    there = [part for part in judged if part is not None]
    ends = pa.array(np.cumsum([0] + [0 if part is None else len(part.score) for part in judged]), pa.int32())
    algorithm = pa.array(_joined([part.algorithm for part in there], np.int8))
    columns: list[pa.Array[Any]] = [
        pa.ListArray.from_arrays(ends, judged_rows(there)),
        pa.ListArray.from_arrays(ends, algorithm),
        pa.array([None if part is None else part.algorithms for part in judged], pa.list_(pa.string())),
        pa.array([None if part is None else part.season for part in judged], pa.list_(pa.int64())),
        _shares(judged),
        pa.array(
            [None if part is None else texts_behind(len(part.score), part.later, kind) for part in judged],
            pa.list_(pa.string()),
        ),
    ]
    return pa.StructArray.from_arrays(columns, names=list(DETECTED.fields))


def _shares(judged: Sequence[Detected | None]) -> pa.Array[Any]:
    """Return a list of shares for each row of each series; NULL for series of which none are told."""
    tables = [None if part is None else part.shares for part in judged]
    ends = np.cumsum([0] + [0 if table is None else len(table) for table in tables])
    there = [table for table in tables if table is not None]
    width = there[0].shape[1] if there else 1
    rows = pa.ListArray.from_arrays(
        pa.array(np.arange(ends[-1] + 1) * width, pa.int32()),
        _nullable(_joined([t.ravel() for t in there], np.float64)),
    )
    missing = pa.array([table is None for table in tables])
    result: pa.Array[Any] = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), rows, mask=missing)
    return result


def judged_rows(judged: Sequence[Judged]) -> pa.Array[Any]:
    """Return verdicts as structs."""
    columns: list[pa.Array[Any]] = [
        _nullable(_joined([getattr(part, name) for part in judged], np.float64)) for name in _NUMBERS
    ]
    columns.append(_verdicts(judged))
    columns.append(pa.array(_joined([part.status for part in judged], object), pa.string()))
    columns.append(pa.array(_joined([part.asked for part in judged], np.bool_)))
    return pa.StructArray.from_arrays(columns, names=list(JUDGED.fields))


def _joined(parts: Sequence[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, kind)


def _nullable(values: Floats) -> pa.Array[Any]:
    result: pa.Array[Any] = pa.array(values, mask=np.isnan(values))
    return result


def _verdicts(judged: Sequence[Judged]) -> pa.Array[Any]:
    missing = _joined([np.isnan(part.score) for part in judged], np.bool_)
    result: pa.Array[Any] = pa.array(_joined([part.is_anomaly for part in judged], np.bool_), mask=missing)
    return result
