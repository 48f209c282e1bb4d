"""Which groups of rows anomalies come from: the SQL that reads them, and the UDF in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adsql import contrasts
from adsql.arrow import struct_columns
from adsql_udfs.duckdb import plans, training
from adsql_udfs.duckdb.results import CONTRAST
from adsql_udfs.duckdb.sources import filled_query
from adsql_udfs.quoting import literal

if TYPE_CHECKING:
    import pyarrow as pa

    from adsql_udfs.duckdb.function import Column


def plan_contrast(source: str, plan: str | None, flag: object, dimensions: object) -> str:
    """Return the SQL of contrast_anomalies."""
    rows = filled_query(source, plan)
    asked = json.dumps({"flag": plans.plain(flag), "dimensions": plans.plain(dimensions)})
    return plans.template("contrast").substitute(source=rows, asked=literal(asked))


def contrast(collected: Column, asked: Column) -> pa.Array[Any]:
    """Return the segments that are over-represented among anomalies."""
    given = json.loads(asked[0].as_py())
    found = contrasts.contrast(struct_columns(training.collected(collected[0])), given["flag"], given["dimensions"])
    return CONTRAST.lists([found])
