"""What can be told of detectors without labels: the SQL of it, and the UDFs in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adsql.options import TrainingOptions
from adsql.registry import row_wise
from adsql.reliability import MAX_ROWS, agreement, asked_algorithms, stability
from adsql_udfs.duckdb import plans, training
from adsql_udfs.duckdb.results import AGREEMENT, STABILITY
from adsql_udfs.duckdb.sources import filled_query
from adsql_udfs.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from adsql_udfs.duckdb.function import Column


def plan_stability(source: str, plan: str | None, options: Mapping[str, Any]) -> str:
    """Return the SQL of model_stability."""
    given = plans.plain(options)
    row_wise(TrainingOptions.parse(**given).algorithm)
    return _plan("__adsql_model_stability", source, plan, given)


def plan_agreement(source: str, plan: str | None, options: Mapping[str, Any]) -> str:
    """Return the SQL of detector_agreement."""
    given = plans.plain(options)
    asked_algorithms(given["algorithms"])
    TrainingOptions.parse(columns=given["columns"], seed=given["seed"])
    return _plan("__adsql_detector_agreement", source, plan, given)


def _plan(function: str, source: str, plan: str | None, given: Mapping[str, Any]) -> str:
    rows = filled_query(source, plan)
    return plans.template("reliability").substitute(
        source=rows, function=function, options=literal(json.dumps(given)),
        sample=plans.template("sample").substitute(seed=given["seed"] or 0, rows=MAX_ROWS),
    )  # fmt: skip


def model_stability(groups: Column, options: Column) -> pa.Array[Any]:
    """Return how alike models are that differ in seed or rows."""
    table, _ = training.sampled(groups[0])
    found = stability(table, **json.loads(options[0].as_py()))
    return STABILITY.lists([found])


def detector_agreement(groups: Column, options: Column) -> pa.Array[Any]:
    """Return how alike detectors are."""
    table, _ = training.sampled(groups[0])
    given = json.loads(options[0].as_py())
    found = agreement(table, asked_algorithms(given.pop("algorithms")), **given)
    return AGREEMENT.lists([found])
