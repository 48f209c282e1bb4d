"""What can be told of detectors without labels: the SQL of it, and the UDFs in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from adsql.options import TrainingOptions
from adsql.registry import row_wise
from adsql.reliability import MAX_ROWS, agreement, asked_algorithms, stability
from adsql_udfs.duckdb import plans, training
from adsql_udfs.duckdb.function import Function, planned
from adsql_udfs.duckdb.sources import check_bound, check_not_empty, source_query
from adsql_udfs.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adsql_udfs.duckdb.function import Column

STABILITY = "STRUCT(varied VARCHAR, metric VARCHAR, value DOUBLE, lowest DOUBLE, highest DOUBLE)[]"
AGREEMENT = (
    "STRUCT(algorithm VARCHAR, other VARCHAR, rank_correlation DOUBLE, top_overlap DOUBLE, flagged_overlap DOUBLE, "
    "flagged BIGINT, flagged_by_other BIGINT, flagged_by_both BIGINT)[]"
)
_STABILITY = pa.struct(
    [("varied", pa.string()), ("metric", pa.string()), *((n, pa.float64()) for n in ("value", "lowest", "highest"))]
)
_AGREEMENT = pa.struct(
    [
        ("algorithm", pa.string()), ("other", pa.string()),
        *((name, pa.float64()) for name in ("rank_correlation", "top_overlap", "flagged_overlap")),
        *((name, pa.int64()) for name in ("flagged", "flagged_by_other", "flagged_by_both")),
    ]
)  # fmt: skip


def plan_stability(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of model_stability."""
    return planned(_plan_stability, arguments)


def plan_agreement(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of detector_agreement."""
    return planned(_plan_agreement, arguments)


def _plan_stability(source: str, plan: str | None, options: Mapping[str, Any]) -> str:
    given = plans.plain(options)
    row_wise(TrainingOptions.parse(**given).algorithm)
    return _plan("__adsql_model_stability", source, plan, given)


def _plan_agreement(source: str, plan: str | None, options: Mapping[str, Any]) -> str:
    given = plans.plain(options)
    asked_algorithms(given["algorithms"])
    TrainingOptions.parse(columns=given["columns"], seed=given["seed"])
    return _plan("__adsql_detector_agreement", source, plan, given)


def _plan(function: str, source: str, plan: str | None, given: Mapping[str, Any]) -> str:
    check_bound(source, plan)
    check_not_empty(plan)
    return plans.template("reliability").substitute(
        source=source_query(source), function=function, options=literal(json.dumps(given)),
        sample=plans.template("sample").substitute(seed=given["seed"] or 0, rows=MAX_ROWS),
    )  # fmt: skip


def model_stability(groups: Column, options: Column) -> pa.Array[Any]:
    """Return how alike models are that differ in seed or rows."""
    table, _ = training.sampled(groups[0])
    found = stability(table, **json.loads(options[0].as_py()))
    return pa.array([[one._asdict() for one in found]], pa.list_(_STABILITY))


def detector_agreement(groups: Column, options: Column) -> pa.Array[Any]:
    """Return how alike detectors are."""
    table, _ = training.sampled(groups[0])
    given = json.loads(options[0].as_py())
    found = agreement(table, asked_algorithms(given.pop("algorithms")), **given)
    return pa.array([[one._asdict() for one in found]], pa.list_(_AGREEMENT))


FUNCTIONS = (
    Function(plan_stability, "VARCHAR"),
    Function(plan_agreement, "VARCHAR"),
    Function(model_stability, STABILITY, changes=True),
    Function(detector_agreement, AGREEMENT, changes=True),
)
