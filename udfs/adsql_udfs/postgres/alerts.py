"""Alerts on write: inserted rows are scored by a trigger, and the anomalies among them become events.

The trigger's function runs with the rights of the extension's owner, a superuser, on rows of other roles' tables. So
it runs no code of theirs. Only superusers make base types, and so the functions that write a type's values as text;
but whoever owns a type, such as an enumeration, makes casts of it. Hence values of built-in types are cast, and all
others are written as text by `format`, which uses no cast.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from adsql.errors import InvalidOption, InvalidSource, UnknownModel
from adsql.wording import shown
from adsql_udfs import loaded
from adsql_udfs.postgres import store
from adsql_udfs.postgres.chunks import CHUNK
from adsql_udfs.postgres.columns import MAX_TEXT, aggregates, decoded, describe, is_built_in, no_rows
from adsql_udfs.postgres.interrupts import interruptible
from adsql_udfs.postgres.scoring import array_text, described, described_columns
from adsql_udfs.postgres.server import query
from adsql_udfs.postgres.sources import Source, relation, unknown
from adsql_udfs.postgres.texts import sql
from adsql_udfs.quoting import escaped_literal, identifier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adsql.model import Model
    from adsql_udfs.postgres.columns import Column
    from adsql_udfs.postgres.server import Plan, Server

MAX_EVENTS = 1_000  # of one statement: the strangest rows
_FEW = 256  # rows that are scored sooner than a thread is started, and that no cancel need wait for
_WATCHABLE = ("r", "p")  # tables and partitioned ones: the others have no statement triggers that see the new rows
_KINDS = {"v": "a view", "m": "a materialized view", "f": "a foreign table"}


class Found(NamedTuple):
    """The anomalies of a chunk, each as the text of an array."""

    numbers: str
    anomaly_score: str
    severity: str


def install(plpy: Server, table: object, model: str | None, threshold: float | None) -> int:
    """Watch a table with a model and return the alert's number.

    Parameters
    ----------
    plpy
        The server.
    table
        Its name as the caller wrote it.
    model
        A model that the caller may use.
    threshold
        Rows with a higher score are anomalies; the model's own threshold if not given.

    Raises
    ------
    UnknownSource, InvalidSource, UnknownModel, MissingColumn, ColumnTypeChanged, InvalidOption
        If rows of this table cannot be scored by this model, or are already.
    """
    name, oid = _watchable(plpy, table)
    saved = store.find(plpy, model)
    _check_threshold(threshold)
    _check_columns(_columns_of(plpy, oid), loaded.get(store.load(plpy, saved)))
    query(plpy, sql("drop_stale_alerts"), ["text"], [name])
    query(plpy, sql("lock_alerts"), ["oid"], [oid])
    existing = query(plpy, sql("find_alert"), ["oid", "text", "text"], [oid, saved.owner, saved.name])
    if len(existing):
        raise InvalidOption(
            f"alert {existing[0]['id']} already watches {name} with model {shown(saved.name)}",
            allowed="one alert a table and model",
            hint=f"SELECT drop_alert({existing[0]['id']}) to give it another threshold",
        )
    alert = int(
        query(
            plpy, sql("insert_alert"), ["text", "text", "text", "float8"], [name, saved.owner, saved.name, threshold]
        )[0]["id"]
    )
    query(plpy, "SELECT adsql.__install_alert($1)", ["bigint"], [alert])
    return alert


def drop(plpy: Server, alert: int | None) -> None:
    """Delete an alert and its trigger; its events stay.

    Raises
    ------
    InvalidOption
        If the caller has no such alert.
    """
    if not len(query(plpy, sql("delete_alert"), ["bigint"], [alert])):
        own = [str(row["id"]) for row in query(plpy, "SELECT id FROM adsql.alerts ORDER BY id")]
        raise InvalidOption(f"alert {shown(alert)} does not exist", allowed=own, hint="SELECT * FROM adsql.alerts()")


def plan(plpy: Server, alert: int, oid: int) -> str:
    """Return the SQL that scores the rows a trigger sees and writes the events.

    It returns the model's version, how many anomalies there were, how many became events, and the highest score.

    Parameters
    ----------
    plpy
        The server, with the rights of the extension's owner.
    alert
        The alert of the trigger.
    oid
        The trigger's table.

    Raises
    ------
    InvalidSource, UnknownModel, CorruptModel, MissingColumn, ColumnTypeChanged
        If the alert's owner may no longer read the table or use the model, or the two no longer fit.
    """
    global _asking  # noqa: PLW0603 - a plan of the server's, for as long as the backend lives
    if _asking is None:
        _asking = plpy.prepare(sql("alert_of_trigger"), ["bigint", "oid"])
    [given] = plpy.execute(_asking, [alert, oid])
    if not given["allowed"]:
        raise InvalidSource(
            f"table {given['table_name']} may no longer be read by {shown(given['owner'])}, who watches it",
            allowed="alerts of roles that may use adsql and read the table",
            hint=f"GRANT SELECT on the table, and adsql_user, or drop alert {alert}",
        )
    if given["version"] is None:
        raise UnknownModel(
            f"model {shown(given['model'])} was dropped, or is no longer shared with {shown(given['owner'])}",
            hint=f"train or share it again, or drop alert {alert}",
        )
    handle = store.load(
        plpy, store.Saved(given["model_owner"], given["model"], given["version"], given["content_hash"])
    )
    basis = (handle, *map(repr, given.values()))
    known = _plans.get(alert)
    if known is None or known[0] != basis:
        known = _plans[alert] = basis, _written(plpy, alert, handle, given)
    return known[1]


_asking: Plan | None = None
# By alert: what a plan was made from, and the plan. Most inserts are of few rows, and would wait for little else.
_plans: dict[int, tuple[tuple[object, ...], str]] = {}


def _written(plpy: Server, alert: int, handle: int, given: Mapping[str, Any]) -> str:
    columns = describe(plpy, given["names"], given["types"], given["modifiers"])
    used = Source("", tuple(columns)).required(loaded.get(handle).positional_columns)
    number = identifier(Source("", tuple(columns)).unused("adsql_number"))
    event = [str(int(alert)), *(escaped_literal(given[name]) for name in ("owner", "table_name", "model"))]
    return sql(
        "alert_events", number=number, size=str(CHUNK), most=str(MAX_EVENTS), version=str(given["version"]),
        event=", ".join([*event, str(given["version"])]), model=str(handle), threshold=_number(given["threshold"]),
        described=escaped_literal(described(used)), parts=", ".join(aggregates(used, "numbered")),
        used=", ".join(f"{_safe(column, 'adsql_new')} AS {identifier(column.name)}" for column in used),
        kept=", ".join(f"{_json_safe(column)} AS {identifier(column.name)}" for column in columns),
    )  # fmt: skip


def find(plpy: Server, handle: int, threshold: float | None, columns: str, n: int, parts: Sequence[bytes]) -> Found:
    """Return which rows of a chunk are anomalies.

    Parameters
    ----------
    plpy
        The server.
    handle
        The model in memory.
    threshold
        That of the alert; None for the model's own.
    columns
        The columns that the model needs, as `described` wrote them.
    n
        The rows of the chunk.
    parts
        Their numbers, and their binary parts.
    """
    numbers, *rest = parts
    table = decoded(described_columns(columns), rest, n)
    model = loaded.get(handle)

    def work() -> Found:
        scores = model.score(table)
        strange = scores.is_anomaly if threshold is None else scores.present & (scores.anomaly_score > threshold)
        where = np.flatnonzero(strange)
        values = (np.frombuffer(numbers, ">i8").astype(np.int64), scores.anomaly_score, scores.severity)
        return Found(*(array_text(value[where]) for value in values))

    return work() if n <= _FEW else interruptible(plpy, work)


def _watchable(plpy: Server, given: object) -> tuple[str, int]:
    if not isinstance(given, str) or not given.strip():
        raise InvalidSource(f"table = {shown(given)} cannot be watched", allowed="the name of a table")
    name = relation(plpy, given.strip())
    if name is None:
        raise unknown(plpy, given.strip())
    [found] = query(plpy, sql("alert_table"), ["text"], [name])
    problem = None
    if found["kind"] not in _WATCHABLE:
        problem = f"is {_KINDS[found['kind']]}"
    elif found["persistence"] == "t":
        problem = "is temporary"
    elif found["holds_foreign"]:  # the server refuses to collect rows that go there, and with them the insert
        problem = "has a foreign table among its partitions"
    elif found["own"]:
        problem = "is adsql's own"
    if problem is not None:
        raise InvalidSource(
            f"{name} {problem}, which cannot be watched",
            allowed="ordinary and partitioned tables",
            hint="watch the table that the rows are inserted into",
        )
    return name, found["oid"]


def _check_threshold(threshold: float | None) -> None:
    if threshold is not None and not math.isfinite(threshold):
        raise InvalidOption(
            f"threshold = {threshold} is no score", allowed="a finite number, or NULL for the model's own threshold"
        )


def _columns_of(plpy: Server, oid: int) -> list[Column]:
    rows = list(query(plpy, sql("table_columns"), ["oid"], [oid]))
    return describe(plpy, *([row[key] for row in rows] for key in ("name", "type", "modifier")))


def _check_columns(columns: Sequence[Column], model: Model) -> None:
    """Raise if a model's columns are missing or of another kind than in training."""
    used = no_rows(Source("", tuple(columns)).required(model.positional_columns))
    # A row with a text in it: a column without any may be of text whatever it was in training.
    row = {
        name: pa.array(["-"]) if values.type == pa.string() else pa.nulls(1, values.type)
        for name, values in used.items()
    }
    model.score(row)
    for segment in model.segments.values():
        segment.features.select(row)


def _number(threshold: float | None) -> str:
    return "NULL" if threshold is None else f"{escaped_literal(repr(threshold))}::pg_catalog.float8"


def _safe(column: Column, table: str) -> str:
    """Return the SQL of a column that casts can be applied to."""
    value = f"{table}.{identifier(column.name)}"
    return value if column.form != "text" or is_built_in(column) else _as_text(value)


def _json_safe(column: Column) -> str:
    """Return the SQL of a column as a type that has a form in JSON, long values cut."""
    value = f"numbered.{identifier(column.name)}"
    if column.form not in ("text", "none"):
        return value
    return f"pg_catalog.left({_as_text(value)}, {MAX_TEXT})"


def _as_text(value: str) -> str:
    return f"CASE WHEN {value} IS NULL THEN NULL ELSE pg_catalog.format('%s', {value}) END"
