"""The UDF that judges series: whole ones as lists, several a call."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from adsql.arrow import plain_array, unbounded_float64
from adsql.series.columns import whole_times
from adsql.series.detection import Judged, detect
from adsql.series.options import SeriesOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adsql.arrow import Floats

Column = Any  # a pyarrow.ChunkedArray, whose stubs know no nested types

_NUMBERS = ("expected", "lower", "upper", "score", "severity")
_NAMES = [
    "expected_value", "lower_bound", "upper_bound", "anomaly_score", "severity", "is_anomaly", "status", "asked",
    "algorithm",
]  # fmt: skip


def judge(lists: Column, options: Column) -> pa.Array[Any]:
    """Return, for each series, the verdicts on its rows in their order, the algorithms' names, and the season.

    `lists` has a list of structs a series: the time `t`, the values `v0`, `v1`, ..., and whether it is excluded, `x`.
    """
    whole: Any = plain_array(lists)
    if not len(whole):
        return _result([], np.zeros(1, np.int64))
    offsets = whole.offsets.to_numpy().astype(np.int64)
    rows = whole.values.slice(int(offsets[0]), int(offsets[-1] - offsets[0]))
    offsets = offsets - offsets[0]
    times, known = whole_times(rows.field("t"))
    names = [field.name for field in rows.type if field.name.startswith("v")]
    X = np.column_stack([unbounded_float64(rows.field(name)) for name in names])
    excluded = rows.field("x").fill_null(False).to_numpy(zero_copy_only=False)
    asked = SeriesOptions.parse(len(names), **json.loads(options[0].as_py()))
    judged: list[Judged | None] = []
    for first, last in pairwise(offsets.tolist()):
        part = slice(first, last)
        # A row beside the lists has none.
        judged.append(detect(times[part], known[part], X[part], excluded[part], asked) if first < last else None)
    return _result(judged, offsets)


def _result(judged: Sequence[Judged | None], offsets: NDArray[np.int64]) -> pa.Array[Any]:
    algorithms = pa.array([None if part is None else part.algorithms for part in judged], pa.list_(pa.string()))
    seasons = pa.array([None if part is None else part.season for part in judged], pa.list_(pa.int64()))
    points = pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), _points([part for part in judged if part is not None])
    )
    return pa.StructArray.from_arrays([points, algorithms, seasons], names=["points", "algorithms", "season"])


def _points(judged: Sequence[Judged]) -> pa.Array[Any]:
    columns: list[pa.Array[Any]] = [
        _nullable(_joined([getattr(part, name) for part in judged], np.float64)) for name in _NUMBERS
    ]
    columns.append(_verdicts(judged))
    columns.append(pa.array(_joined([part.status for part in judged], object), pa.string()))
    columns.append(pa.array(_joined([part.asked for part in judged], np.bool_)))
    columns.append(pa.array(_joined([part.algorithm for part in judged], np.int8)))
    return pa.StructArray.from_arrays(columns, names=_NAMES)


def _joined(parts: Sequence[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, kind)


def _nullable(values: Floats) -> pa.Array[Any]:
    result: pa.Array[Any] = pa.array(values, mask=np.isnan(values))
    return result


def _verdicts(judged: Sequence[Judged]) -> pa.Array[Any]:
    missing = _joined([np.isnan(part.score) for part in judged], np.bool_)
    result: pa.Array[Any] = pa.array(_joined([part.is_anomaly for part in judged], np.bool_), mask=missing)
    return result
