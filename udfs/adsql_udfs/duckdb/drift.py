"""Whether rows are still like those of the training: the SQL that draws a sample of them, and the UDF in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adsql.drift import check_drift
from adsql.model import MAX_FIT_ROWS, MAX_FIT_ROWS_PER_SEGMENT, MAX_SEGMENTS
from adsql_udfs import loaded
from adsql_udfs.duckdb import plans
from adsql_udfs.duckdb.results import DRIFT
from adsql_udfs.duckdb.sources import check_bound, check_not_empty, source_query
from adsql_udfs.duckdb.training import sampled
from adsql_udfs.quoting import literal

if TYPE_CHECKING:
    import pyarrow as pa

    from adsql_udfs.duckdb.function import Column


def plan_drift(model: object, source: str, plan: str | None, version: object) -> str:
    """Return the SQL of check_drift."""
    name, number = plans.asked_model(model, version)
    check_bound(source, plan)
    check_not_empty(plan)
    return plans.template("check_drift").substitute(
        source=source_query(source), handle=plans.resolve(literal(name), plans.version_text(number)),
        sample=plans.template("sample_update").substitute(
            seed=0, rows=MAX_FIT_ROWS, segment_rows=MAX_FIT_ROWS_PER_SEGMENT, segments=MAX_SEGMENTS + 1
        ),
    )  # fmt: skip


def drift(handles: Column, groups: Column) -> pa.Array[Any]:
    """Return how a sample differs from what a model was trained on."""
    table, _ = sampled(groups[0])
    found = check_drift(loaded.get(handles[0].as_py()), table)
    return DRIFT.lists([found])
