"""Saved models as SQL, where DuckDB evaluates that faster than it calls Python.

Linear and histogram models take 5 to 15 ns a column in SQL, on all threads at once; a Python function takes
Python's lock for every chunk. The SQL covers rows without NULL, NaN and values beyond the clipping range; the
others go to the Python function, whose kernel is the reference, and so does every row if the model that the
query finds when it runs is not the one that was there when it was planned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np

from adsql.abilities import Bounds, Rescales, ToSql
from adsql.arrow import Kind
from adsql.catalog import Catalog
from adsql.errors import AdsqlError, NoSqlForm, ResultColumnExists
from adsql.features import LIMIT
from adsql_udfs import loaded
from adsql_udfs.duckdb import instances
from adsql_udfs.quoting import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adsql.model import Model

RESULT_COLUMNS = ("anomaly_score", "severity", "is_anomaly")
_INTERNAL = "adsql_"
# Their values become the same DOUBLE in SQL as through Arrow. Not HUGEINT and long decimals.
_NUMBERS = frozenset(
    {
        "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
        "FLOAT", "DOUBLE",
    }
)  # fmt: skip
_EXACT_DIGITS = 15
# Nanoseconds a row, measured on two machines; a Python function takes at least _WORTH.
_COSTS = {" + ": 0.5, " - ": 0.5, " * ": 0.5, " / ": 1.0, "CASE": 6.0, "LIST_EXTRACT": 9.0, "EXP(": 6.0, "LN(": 6.0}
_WORTH = 200.0
_NEAR = 1e-8  # of a score: more than SQL and the kernel can differ by
_FAR = 1e4  # scales from zero: a centre farther away would cost digits if it were not taken off first


def source_types(plan: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the columns of a source and their types from DuckDB's plan of it; None where the plan does not tell.

    Examples
    --------
    >>> column = {"alias": "x", "return_type": {"id": "DOUBLE"}}
    >>> source_types({"plans": [{"type": "LOGICAL_PROJECTION", "expressions": [column]}]})
    {'x': 'DOUBLE'}
    """
    operators = plan.get("plans") or [{}]
    if operators[0].get("type") != "LOGICAL_PROJECTION":
        return None
    types: dict[str, str] = {}
    for expression in operators[0].get("expressions", []):
        # A constant has its type beside its value.
        returned = expression.get("return_type") or (expression.get("value") or {}).get("type")
        name = expression.get("alias")
        if not name or name in types or not returned:
            return None
        details = returned.get("type_info") or {}
        short = returned.get("id") == "DECIMAL" and details.get("width", _EXACT_DIGITS + 1) <= _EXACT_DIGITS
        types[name] = "DOUBLE" if short else str(returned.get("id"))
    return types


def committed_model(token: str, database: str, name: str, version: int | None) -> tuple[int, Model] | None:
    """Return a saved model and its handle, as another transaction sees it; None if it cannot be used for planning.

    What is wrong with it is told when the query runs, in the caller's own transaction.
    """
    con = instances.cursor(token)
    try:
        con.execute(f"USE {identifier(database)}.main")
        catalog = Catalog(lambda query, values: con.execute(query, list(values)).fetchall())
        state, content_hash = catalog.stored(name, version)
        handle = loaded.load(content_hash, state)
        return handle, loaded.get(handle)
    except (duckdb.Error, AdsqlError):
        return None
    finally:
        con.close()


def formula(model: Model, types: Mapping[str, str]) -> dict[str, str] | None:
    """Return what `sql/detect_formula.sql` needs to score a source in SQL; None where Python is faster, or must do it.

    Parameters
    ----------
    model
        A model.
    types
        The columns of the source and their types.

    Raises
    ------
    ResultColumnExists
        If the source has a column named as one of the result's.
    """
    check_free(types)
    features = model.segments[""].features if not model.segment_by else None
    if features is None or any(name.startswith(_INTERNAL) for name in types):
        return None
    if any(f.kind is not Kind.NUMBER or f.encoding != "value" for f in features.features):
        return None
    # Only columns that are spelt as in the model: for the others, Python finds them or says what is missing.
    if any(types.get(name) not in _NUMBERS for name in features.columns):
        return None
    detector = model.segments[""].detector
    if not isinstance(detector, ToSql):
        return None
    from adsql.sqlgen import detector_expression, scaled_features  # noqa: PLC0415 - sqlglot, for these models only

    names = [f"adsql_x{i}" for i in range(len(features.features))]
    center, scale = (np.array([getattr(f, part) for f in features.features]) for part in ("center", "scale"))
    bounded = isinstance(detector, Bounds) and detector.trusted_score(LIMIT) > 0
    try:
        if bounded and isinstance(detector, Rescales) and (np.abs(center) <= _FAR * scale).all():
            scaled = [f"CAST({identifier(feature.column)} AS DOUBLE)" for feature in features.features]
            score = detector_expression(detector.unscaled(center, scale), names, "duckdb")
        else:
            scaled = scaled_features(features, "duckdb")
            score = detector_expression(detector, names, "duckdb")
    except NoSqlForm:
        return None
    if sum(score.count(operation) * cost for operation, cost in _COSTS.items()) > _WORTH:
        return None
    if isinstance(detector, Bounds) and bounded:
        largest = repr(detector.trusted_score(LIMIT))
    else:
        largest = "'Infinity'::DOUBLE"
        # A sum of NULL or NaN is not within anything.
        score = f"CASE WHEN {' + '.join(f'abs({name})' for name in names)} <= {LIMIT!r} THEN {score} END"
    threshold = model.segments[""].threshold
    return {
        "score": score,
        "scaled": ",\n".join(f"{text} AS {name}" for text, name in zip(scaled, names, strict=True)),
        "features": ", ".join(names),
        "largest": largest,
        # Written out, not as a column: it is made for the rows that need it only.
        "row": f"{{{', '.join(f'{literal(name)}: {identifier(name)}' for name in types)}}}",
        "threshold": repr(threshold),
        # Thresholds are often scores of training rows: there the last digit decides, and the kernel has it.
        "near": repr(_NEAR * abs(threshold) + _NEAR**2),
    }


def check_free(names: Mapping[str, Any]) -> None:
    """Raise if a source has a column named as one of the result's.

    Raises
    ------
    ResultColumnExists
        Naming it.
    """
    taken = [name for name in names if name.casefold() in RESULT_COLUMNS]
    if taken:
        raise ResultColumnExists(
            f"the source already has a column {taken[0]!r}",
            allowed=f"sources without columns named {', '.join(RESULT_COLUMNS)}",
            hint="leave it out or rename it: detect_anomalies('SELECT * EXCLUDE (...) FROM ...')",
        )
