"""Change points of series: the SQL that looks for them, and the UDF in it."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from adsql.series.changes import ChangeOptions, changed_rows
from adsql_udfs.duckdb.plans import template
from adsql_udfs.duckdb.results import CHANGE
from adsql_udfs.duckdb.series import unfolded
from adsql_udfs.duckdb.series_plans import SeriesRows, columns_of, key_of
from adsql_udfs.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adsql_udfs.duckdb.function import Column


def plan(
    source: str,
    plan: str | None,
    plans: Mapping[str, str | None],
    time: object,
    value: object,
    *rest: Any,  # noqa: ANN401 - whatever SQL can pass
) -> str:
    """Return the SQL that finds where the series of a source change.

    Parameters
    ----------
    source, plan, plans, time, value, *rest
        As for `series_plans.detect_series`, with one column of values.
    """
    [value_column] = columns_of("value_column", value, None, most=1)
    rows = SeriesRows.of(source, plan, plans, time, value_column, *rest)
    ChangeOptions.parse(**rows.given)
    return template("change_points").substitute(
        lists=rows.lists(key_of(rows.keys)), options=literal(json.dumps(rows.given))
    )


def find(lists: Column, options: Column) -> pa.Array[Any]:
    """Return the changes of each series, with the number of their row from 1 on; none for rows beside the lists."""
    if not len(lists):
        return pa.array([], CHANGE.arrow_list)
    asked = ChangeOptions.parse(**json.loads(options[0].as_py()))
    rows = unfolded(lists)
    found = []
    for first, last in pairwise(rows.offsets.tolist()):
        part = slice(first, last)
        changes = changed_rows(rows.time.slice(first, last - first), rows.X[part, 0], rows.excluded[part], asked)
        found.append([{**change._asdict(), "row": change.place + 1, "kind": change.kind.value} for change in changes])
    return pa.array(found, CHANGE.arrow_list)
