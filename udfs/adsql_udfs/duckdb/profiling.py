"""What a source is like before anything is trained on it: the SQL that reads it, and the UDFs in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from adsql import profiling
from adsql.arrow import missing, plain_array, struct_columns, to_float64
from adsql.model import MAX_FIT_ROWS
from adsql.profiling import Figures
from adsql.suggestions import suggest_detectors
from adsql_udfs.duckdb import plans
from adsql_udfs.duckdb.results import DETECTOR, FENCE, PROFILE
from adsql_udfs.duckdb.sources import filled_query
from adsql_udfs.duckdb.training import sampled

if TYPE_CHECKING:
    from adsql_udfs.duckdb.function import Column

_FENCES = pa.map_(pa.string(), FENCE.arrow)


def plan_profile(source: str, plan: str | None) -> str:
    """Return the SQL of profile_data."""
    return _plan("profile", source, plan)


def plan_suggest(source: str, plan: str | None) -> str:
    """Return the SQL of suggest_detectors."""
    return _plan("suggest_detectors", source, plan)


def _plan(template: str, source: str, plan: str | None) -> str:
    rows = filled_query(source, plan)
    sample = plans.template("sample").substitute(seed=0, rows=MAX_FIT_ROWS)
    return plans.template(template).substitute(source=rows, sample=sample)


def fences(groups: Column) -> pa.Array[Any]:
    """Return the fences of each column that has them."""
    table, _ = sampled(groups[0])
    profiling.check_rows(table)
    found = profiling.fences(table)
    return pa.array([[(name, {"low": low, "high": high}) for name, (low, high) in found.items()]], _FENCES)


def outside(values: Column, bounds: Column) -> pa.Array[Any]:
    """Return which values lie outside of the fences beside them; NULL where a value is missing."""
    column, fence = plain_array(values), struct_columns(bounds)
    gone = missing(column)
    low, high = (to_float64(fence[name]) for name in ("low", "high"))
    return pa.array(profiling.outside(column, low, high), mask=gone)


def profile(groups: Column, columns: Column) -> pa.Array[Any]:
    """Return what each column is like."""
    table, counts = sampled(groups[0])
    fenced, figures = profiling.fences(table), {}
    for name, column in struct_columns(columns).items():
        known = struct_columns(column)
        kind, filled, outliers = (known[field][0].as_py() for field in ("type", "filled", "outliers"))
        extremes = pa.concat_arrays([known["smallest"], known["largest"]])
        figures[name] = Figures(kind, filled, outliers if name in fenced else None, extremes)
    found = profiling.profile(table, counts[""], figures)
    return PROFILE.lists([found])


def suggest(groups: Column) -> pa.Array[Any]:
    """Return which detectors suit a source."""
    table, counts = sampled(groups[0])
    return DETECTOR.lists([suggest_detectors(table, counts[""])])
