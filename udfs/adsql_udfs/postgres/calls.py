"""What the extension's functions call. Each takes the server first; errors become the server's own, with a code.

The bodies in `sql/functions` import a name from here, call it and return what it returns.
"""

from __future__ import annotations

import json
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from adsql import __version__, errors, registry
from adsql.exchange import imported
from adsql_udfs.postgres import alerts, compiling, plans, relations, rows, scoring, store, training
from adsql_udfs.postgres.server import query

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adsql.catalog import ModelRecord
    from adsql.facts import Fact
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


def reporting(function: Callable[..., R]) -> Callable[..., R]:
    """Return a function that first compares versions, and whose errors are the server's own, with adsql's codes."""

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
    extension, package = (rows_found[0]["version"] if len(rows_found) else None), __version__
    if extension != package:
        raise errors.VersionMismatch(
            f"the extension has version {extension}, the server's Python package adsql {package}",
            allowed="one version of both",
            hint="adsql pg install, then ALTER EXTENSION adsql UPDATE, and connect again",
        )
    _checked = True


@reporting
def plan_detect(plpy: Server, given: str, shape: str, options: str) -> str:
    """Return the SQL of detect_anomalies."""
    return plans.detect(plpy, given, plans.Shape(shape), given_options(options))


@reporting
def score_chunk(plpy: Server, *arguments: Any) -> scoring.Arrays:  # noqa: ANN401 - as `scoring.score_chunk`
    """Return the results of a chunk of rows."""
    return scoring.score_chunk(plpy, *arguments)


@reporting
def alert_groups(plpy: Server, *arguments: Any) -> list[str | None]:  # noqa: ANN401 - as `scoring.groups`
    """Return what tells the day and segment of each row of a chunk from all others."""
    return scoring.groups(plpy, *arguments)


@reporting
def rank_all(plpy: Server, *arguments: Any) -> scoring.Arrays:  # noqa: ANN401 - as `scoring.rank_all`
    """Return the results of all rows of a source."""
    return scoring.rank_all(plpy, *arguments)


@reporting
def train_model(plpy: Server, name: str, source: str, options: str) -> dict[str, Any]:
    """Train and store a model and return its description."""
    return stored(plpy, training.train(plpy, name, source, given_options(options)))


@reporting
def update_model(plpy: Server, name: str, source: str, seed: int | None) -> dict[str, Any]:
    """Let a model learn from further rows and return the new version's description."""
    return stored(plpy, training.update(plpy, name, source, seed))


@reporting
def export_model(plpy: Server, name: str, version: int | None) -> bytes:
    """Return a model as bytes for other databases."""
    return store.export(plpy, name, version)


@reporting
def import_model(plpy: Server, name: str, data: bytes | None) -> dict[str, Any]:
    """Store a model from another database and return its description."""
    return stored(plpy, imported(name, data))


@reporting
def drop_model(plpy: Server, name: str, version: int | None) -> list[int]:
    """Delete versions of a model and return them."""
    return store.drop(plpy, name, version)


@reporting
def share_model(plpy: Server, name: str, role: str) -> None:
    """Let another role use a model."""
    store.share(plpy, name, role)


@reporting
def unshare_model(plpy: Server, name: str, role: str) -> None:
    """Take that back."""
    store.unshare(plpy, name, role)


@reporting
def row_result(plpy: Server, what: str, form: str, *arguments: Any) -> Any:  # noqa: ANN401 - a number, a boolean or all
    """Return the score, severity, verdict or all of them of one row.

    Parameters
    ----------
    plpy
        The server.
    what
        A field of `adsql.segment.Scores`, 'detect' for all, 'explain' for why, or 'suggest' for what to change.
    form
        How the row is given: 'row', 'values' or 'json'.
    *arguments
        As the function of that form takes them.
    """
    if what == "explain":
        return rows.explained(plpy, form, *arguments)
    if what == "suggest":
        return rows.suggested(plpy, form, *arguments)
    scores = _ROWS[form](plpy, *arguments)
    if not scores.present[0]:
        return None
    if what == "detect":
        return scores.anomaly_score[0].item(), scores.severity[0].item(), scores.is_anomaly[0].item()
    # The server takes Python's own numbers only.
    return getattr(scores, what)[0].item()


_ROWS: dict[str, Callable[..., Any]] = {"row": rows.score_row, "values": rows.score_values, "json": rows.score_json}


@reporting
def consensus(plpy: Server, *arguments: Any) -> dict[str, Any] | None:  # noqa: ANN401 - as `rows.consensus_of`
    """Return how far the members of an ensemble agree about a row."""
    return rows.consensus_of(plpy, *arguments)


@reporting
def model_info(plpy: Server, name: str, version: int | None) -> list[Fact]:
    """Return what is known of a model."""
    return store.either(plpy, name, version).info()


@reporting
def model_sql(plpy: Server, name: str, dialect: str | None, source: str | None, version: int | None) -> str:
    """Return a model as a SELECT in a dialect."""
    from adsql.sqlgen import model_sql as written  # noqa: PLC0415 - sqlglot: scoring need not wait for it

    return written(store.model(plpy, name, version), "postgres" if dialect is None else dialect, source)


@reporting
def compile_model(plpy: Server, name: str, function: str | None, version: int | None, schemas: Sequence[str]) -> str:
    """Create plain SQL functions of a model and return the signature of the one that scores."""
    return compiling.compile_model(plpy, name, function, version, schemas)


@reporting
def detectors(plpy: Server) -> list[tuple[Any, ...]]:  # noqa: ARG001 - all calls take it
    """Return the detectors that exist."""
    return [tuple(row.values()) for row in registry.described()]


@reporting
def create_detection_view(plpy: Server, view: str, source: str, model: str, version: int | None) -> str:
    """Create a view of a source and its results, and return its name."""
    return relations.create_view(plpy, view, source, model, version)


@reporting
def materialize_anomalies(plpy: Server, table: str, source: str, model: str, version: int | None) -> int:
    """Create a table of a source and its results, and return how many rows it has."""
    return relations.materialize(plpy, table, source, model, version)


@reporting
def alert_on_insert(plpy: Server, table: str, model: str, threshold: float | None) -> int:
    """Watch a table with a model and return the alert's number."""
    return alerts.install(plpy, table, model, threshold)


@reporting
def drop_alert(plpy: Server, alert: int) -> None:
    """Delete an alert."""
    alerts.drop(plpy, alert)


@reporting
def plan_alert(plpy: Server, alert: int, table: int) -> str:
    """Return the SQL that an alert's trigger runs."""
    return alerts.plan(plpy, alert, table)


@reporting
def find_anomalies(plpy: Server, *arguments: Any) -> alerts.Found:  # noqa: ANN401 - as `alerts.find`
    """Return which rows of a chunk are anomalies."""
    return alerts.find(plpy, *arguments)


def given_options(options: str) -> dict[str, Any]:
    """Return the options of a call by name, without those that are NULL."""
    found = {name: value for name, value in json.loads(options).items() if value is not None}
    # JSON has no NaN and no infinities: the server writes them as strings.
    return {name: float(value) if name in _FLOATS else value for name, value in found.items()}


_FLOATS = ("contamination", "threshold", "segment_shrinkage", "sensitivity", "min_deviation")


def stored(plpy: Server, record: ModelRecord) -> dict[str, Any]:
    """Store a model and return its description."""
    version = store.put(plpy, record)
    described = {name: getattr(record, name) for name in ("name", "algorithm", "n_rows", "n_features", "threshold")}
    return {**described, "version": version}
