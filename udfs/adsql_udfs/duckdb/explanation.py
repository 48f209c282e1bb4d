"""Explaining rows: the SQL of explain_anomalies, and the UDF in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from adsql.arrow import struct_columns
from adsql.explanation import checked_top_k, explain_anomalies, row_keys
from adsql_udfs import loaded
from adsql_udfs.duckdb import plans
from adsql_udfs.duckdb.results import EXPLAINED
from adsql_udfs.duckdb.sources import check_bound, source_query
from adsql_udfs.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adsql_udfs.duckdb.function import Column


def plan_explain(source: str, model: object, plan: str | None, options: Mapping[str, Any]) -> str:
    """Return the SQL of explain_anomalies."""
    given = plans.plain(options)
    checked_top_k(given["top_k"])
    name, number = plans.asked_model(model, given["version"])
    check_bound(source, plan)
    return plans.template("explain_anomalies").substitute(
        source=source_query(source), handle=plans.resolve(literal(name), plans.version_text(number)),
        options=literal(json.dumps({"top_k": given["top_k"], "key": given["key"]})),
    )  # fmt: skip


def explain_row(handles: Column, rows: Column, options: Column) -> pa.Array[Any]:
    """Return why each row that its model flags is an anomaly, with its key; NULL for the others."""
    if not len(handles):
        return pa.array([], EXPLAINED.arrow)
    given = json.loads(options[0].as_py())
    table = struct_columns(rows)
    keys = row_keys(table, given["key"])
    found: list[dict[str, object] | None] = [None] * len(rows)
    for row, score, reasons_found in explain_anomalies(loaded.get(handles[0].as_py()), table, given["top_k"]):
        found[row] = {
            "row_key": keys[row],
            "anomaly_score": score,
            "reasons": [reason._asdict() for reason in reasons_found],
        }
    return pa.array(found, EXPLAINED.arrow)
