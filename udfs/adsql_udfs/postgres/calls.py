"""What the extension's functions call. Each takes the server first; errors become the server's own, with a code.

The bodies in `sql/functions` import a name from here, call it and return what it returns.
"""

from __future__ import annotations

import json
from functools import wraps
from importlib.metadata import version as installed
from typing import TYPE_CHECKING, Any, TypeVar

from adsql import errors, registry
from adsql.exchange import imported
from adsql_udfs import loaded
from adsql_udfs.postgres import (
    alerts,
    compiling,
    contrasts,
    evaluation,
    explanation,
    plans,
    relations,
    rows,
    scoring,
    store,
    training,
)
from adsql_udfs.postgres.server import query

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adsql.catalog import ModelRecord
    from adsql_udfs.postgres.server import Server

R = TypeVar("R")

# What clients that know nothing of adsql's codes can tell an error by.
_STATES: dict[type[errors.AdsqlError], str] = {
    errors.UnknownSource: "42P01",
    errors.UnknownColumn: "42703",
    errors.MissingColumn: "42703",
    errors.ColumnTypeChanged: "42804",
    errors.UnknownModel: "42704",
    errors.UnknownVersion: "42704",
    errors.CorruptModel: "XX001",
    errors.DatabaseError: "55000",
    errors.AdsqlError: "22023",
}


def _call(function: Callable[..., R]) -> Callable[..., R]:
    @wraps(function)
    def call(plpy: Server, *arguments: Any) -> R:  # noqa: ANN401 - whatever SQL can pass
        try:
            _check_versions(plpy)
            return function(plpy, *arguments)
        except errors.AdsqlError as error:
            state = next(state for cls, state in _STATES.items() if isinstance(error, cls))
            plpy.error(str(error), sqlstate=state)
            raise  # not reached: the server's error is an exception

    return call


_checked = False


def _check_versions(plpy: Server) -> None:
    global _checked  # noqa: PLW0603 - once a backend
    if _checked:
        return
    rows_found = query(plpy, "SELECT extversion AS version FROM pg_catalog.pg_extension WHERE extname = 'adsql'")
    extension, package = (rows_found[0]["version"] if len(rows_found) else None), installed("adsql")
    if extension != package:
        raise errors.VersionMismatch(
            f"the extension has version {extension}, the server's Python package adsql {package}",
            allowed="one version of both",
            hint="adsql pg install, then ALTER EXTENSION adsql UPDATE, and connect again",
        )
    _checked = True


@_call
def plan_detect(plpy: Server, given: str, shape: str, options: str) -> str:
    """Return the SQL of detect_anomalies."""
    return plans.detect(plpy, given, plans.Shape(shape), _given(options))


@_call
def score_chunk(plpy: Server, *arguments: Any) -> scoring.Arrays:  # noqa: ANN401 - as `scoring.score_chunk`
    """Return the results of a chunk of rows."""
    return scoring.score_chunk(plpy, *arguments)


@_call
def rank_all(plpy: Server, *arguments: Any) -> scoring.Arrays:  # noqa: ANN401 - as `scoring.rank_all`
    """Return the results of all rows of a source."""
    return scoring.rank_all(plpy, *arguments)


@_call
def train_model(plpy: Server, name: str, source: str, options: str) -> dict[str, Any]:
    """Train and store a model and return its description."""
    return _stored(plpy, training.train(plpy, name, source, _given(options)))


@_call
def update_model(plpy: Server, name: str, source: str, seed: int | None) -> dict[str, Any]:
    """Let a model learn from further rows and return the new version's description."""
    return _stored(plpy, training.update(plpy, name, source, seed))


@_call
def export_model(plpy: Server, name: str, version: int | None) -> bytes:
    """Return a model as bytes for other databases."""
    return store.export(plpy, name, version)


@_call
def import_model(plpy: Server, name: str, data: bytes | None) -> dict[str, Any]:
    """Store a model from another database and return its description."""
    return _stored(plpy, imported(name, data))


@_call
def drop_model(plpy: Server, name: str, version: int | None) -> list[int]:
    """Delete versions of a model and return them."""
    return store.drop(plpy, name, version)


@_call
def share_model(plpy: Server, name: str, role: str) -> None:
    """Let another role use a model."""
    store.share(plpy, name, role)


@_call
def unshare_model(plpy: Server, name: str, role: str) -> None:
    """Take that back."""
    store.unshare(plpy, name, role)


@_call
def row_result(plpy: Server, what: str, form: str, *arguments: Any) -> Any:  # noqa: ANN401 - a number, a boolean or all
    """Return the score, severity, verdict or all of them of one row.

    Parameters
    ----------
    plpy
        The server.
    what
        A field of `adsql.segment.Scores`, 'detect' for all, or 'explain' for why.
    form
        How the row is given: 'row', 'values' or 'json'.
    *arguments
        As the function of that form takes them.
    """
    if what == "explain":
        return rows.explained(plpy, form, *arguments)
    scores = _ROWS[form](plpy, *arguments)
    if not scores.present[0]:
        return None
    if what == "detect":
        return scores.anomaly_score[0].item(), scores.severity[0].item(), scores.is_anomaly[0].item()
    # The server takes Python's own numbers only.
    return getattr(scores, what)[0].item()


_ROWS: dict[str, Callable[..., Any]] = {"row": rows.score_row, "values": rows.score_values, "json": rows.score_json}


@_call
def consensus(plpy: Server, *arguments: Any) -> dict[str, Any] | None:  # noqa: ANN401 - as `rows.consensus_of`
    """Return how far the members of an ensemble agree about a row."""
    return rows.consensus_of(plpy, *arguments)


@_call
def model_info(plpy: Server, name: str, version: int | None) -> list[tuple[str, ...]]:
    """Return what is known of a model."""
    return list(_model(plpy, name, version).info())


@_call
def model_sql(plpy: Server, name: str, dialect: str | None, source: str | None, version: int | None) -> str:
    """Return a model as a SELECT in a dialect."""
    from adsql.sqlgen import model_sql as written  # noqa: PLC0415 - sqlglot: scoring need not wait for it

    return written(_model(plpy, name, version), "postgres" if dialect is None else dialect, source)


@_call
def compile_model(plpy: Server, name: str, function: str | None, version: int | None, schemas: Sequence[str]) -> str:
    """Create plain SQL functions of a model and return the signature of the one that scores."""
    return compiling.compile_model(plpy, name, function, version, schemas)


@_call
def evaluate_model(plpy: Server, *arguments: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - as `evaluation.evaluate`
    """Return how well a model does on a labelled source."""
    return list(evaluation.evaluate(plpy, *arguments))


@_call
def compare_models(plpy: Server, *arguments: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - as `evaluation.compare`
    """Return how well several models do on a labelled source."""
    return evaluation.compare(plpy, *arguments)


@_call
def threshold_report(plpy: Server, *arguments: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - `evaluation.thresholds`
    """Return what each threshold of a model would flag."""
    return list(evaluation.thresholds(plpy, *arguments))


@_call
def explain_anomalies(plpy: Server, *arguments: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - `explanation.explain`
    """Return why the anomalies of a source are anomalies."""
    return explanation.explain(plpy, *arguments)


@_call
def contrast_anomalies(plpy: Server, *arguments: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - `contrasts.contrast`
    """Return which groups of rows anomalies come from."""
    return list(contrasts.contrast(plpy, *arguments))


@_call
def detectors(plpy: Server) -> list[tuple[Any, ...]]:  # noqa: ARG001 - all calls take it
    """Return the detectors that exist."""
    return [tuple(row.values()) for row in registry.described()]


@_call
def create_detection_view(plpy: Server, view: str, source: str, model: str, version: int | None) -> str:
    """Create a view of a source and its results, and return its name."""
    return relations.create_view(plpy, view, source, model, version)


@_call
def materialize_anomalies(plpy: Server, table: str, source: str, model: str, version: int | None) -> int:
    """Create a table of a source and its results, and return how many rows it has."""
    return relations.materialize(plpy, table, source, model, version)


@_call
def alert_on_insert(plpy: Server, table: str, model: str, threshold: float | None) -> int:
    """Watch a table with a model and return the alert's number."""
    return alerts.install(plpy, table, model, threshold)


@_call
def drop_alert(plpy: Server, alert: int) -> None:
    """Delete an alert."""
    alerts.drop(plpy, alert)


@_call
def plan_alert(plpy: Server, alert: int, table: int) -> str:
    """Return the SQL that an alert's trigger runs."""
    return alerts.plan(plpy, alert, table)


@_call
def find_anomalies(plpy: Server, *arguments: Any) -> alerts.Found:  # noqa: ANN401 - as `alerts.find`
    """Return which rows of a chunk are anomalies."""
    return alerts.find(plpy, *arguments)


def _model(plpy: Server, name: str, version: int | None) -> Any:  # noqa: ANN401 - adsql.model.Model
    return loaded.get(store.load(plpy, store.find(plpy, name, version)))


def _given(options: str) -> dict[str, Any]:
    found = {name: value for name, value in json.loads(options).items() if value is not None}
    # JSON has no NaN and no infinities: the server writes them as strings.
    return {name: float(value) if name in _FLOATS else value for name, value in found.items()}


_FLOATS = ("contamination", "threshold")


def _stored(plpy: Server, record: ModelRecord) -> dict[str, Any]:
    version = store.put(plpy, record)
    described = {name: getattr(record, name) for name in ("name", "algorithm", "n_rows", "n_features", "threshold")}
    return {**described, "version": version}
