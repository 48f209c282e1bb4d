"""The UDFs that look at sources before training and beside it; see `functions` for what holds for all UDFs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adsql_udfs.duckdb import drift, profiling
from adsql_udfs.duckdb.function import Function, planned

if TYPE_CHECKING:
    import pyarrow as pa

    from adsql_udfs.duckdb.function import Column


def plan_profile(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of profile_data."""
    return planned(profiling.plan_profile, arguments)


def plan_suggest(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of suggest_detectors."""
    return planned(profiling.plan_suggest, arguments)


def plan_drift(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of check_drift."""
    return planned(drift.plan_drift, arguments)


FUNCTIONS = (
    Function(plan_profile, "VARCHAR"),
    Function(plan_suggest, "VARCHAR"),
    Function(plan_drift, "VARCHAR"),
    Function(profiling.fences, profiling.FENCES, changes=True),
    Function(profiling.outside, "BOOLEAN"),
    Function(profiling.profile, profiling.PROFILE, changes=True),
    Function(profiling.suggest, profiling.SUGGESTIONS, changes=True),
    Function(drift.drift, drift.DRIFTS, changes=True),
)
