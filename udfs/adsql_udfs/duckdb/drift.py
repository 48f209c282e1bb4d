"""Whether rows are still like those of the training: the SQL that draws a sample of them, and the UDF in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adsql.drift import check_drift
from adsql_udfs import loaded
from adsql_udfs.duckdb import plans
from adsql_udfs.duckdb.results import DRIFT
from adsql_udfs.duckdb.sources import filled_query
from adsql_udfs.duckdb.training import sampled
from adsql_udfs.quoting import literal

if TYPE_CHECKING:
    import pyarrow as pa

    from adsql_udfs.duckdb.function import Column


def plan_drift(model: object, source: str, plan: str | None, version: object) -> str:
    """Return the SQL of check_drift."""
    name, number = plans.asked_model(model, version)
    rows = filled_query(source, plan)
    return plans.template("check_drift").substitute(
        source=rows, handle=plans.resolve(literal(name), plans.version_text(number)),
        sample=plans.sample_for_model(0),
    )  # fmt: skip


def drift(handles: Column, groups: Column) -> pa.Array[Any]:
    """Return how a sample differs from what a model was trained on."""
    table, _ = sampled(groups[0])
    found = check_drift(loaded.get(handles[0].as_py()), table)
    return DRIFT.lists([found])
