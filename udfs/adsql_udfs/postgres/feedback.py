"""Verdicts on rows, kept and read with the caller's own rights, and what models learn from them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from adsql.catalog import ModelRecord
from adsql.feedback import MAX_VERDICTS, Verdict, check_row, learned, preview, verdict_of
from adsql_udfs import loaded
from adsql_udfs.postgres import store, training
from adsql_udfs.postgres.interrupts import interruptible
from adsql_udfs.postgres.server import query
from adsql_udfs.postgres.sources import source
from adsql_udfs.postgres.texts import sql

if TYPE_CHECKING:
    import pyarrow as pa

    from adsql.feedback import Effect
    from adsql.model import Model
    from adsql_udfs.postgres.server import Server
    from adsql_udfs.postgres.store import Saved


def give(plpy: Server, name: str | None, row: str | None, said: str | None, key: str | None, note: str | None) -> str:
    """Keep a verdict on a row of a model, and return it."""
    verdict = verdict_of(row, said)
    saved = store.find(plpy, name)
    check_row(loaded.get(store.load(plpy, saved)), verdict)
    values = [saved.owner, saved.name, key, verdict.row, said, note]
    query(plpy, sql("insert_feedback"), ["text"] * len(values), values)
    return str(said)


def effects(plpy: Server, name: str | None, given: object, version: int | None) -> list[Effect]:
    """Return what learning from the verdicts on a model would change."""
    _, model, verdicts = _asked(plpy, name, version)
    table, n_rows = _sample(plpy, model, given)
    return interruptible(plpy, partial(preview, model, table, verdicts, n_rows))


def applied(plpy: Server, name: str | None, given: object, version: int | None) -> ModelRecord:
    """Let a model learn from the verdicts on it and return the result as a row to store."""
    saved, model, verdicts = _asked(plpy, name, version)
    table, n_rows = _sample(plpy, model, given)
    after = interruptible(plpy, partial(learned, model, table, verdicts, n_rows))
    return ModelRecord.of(saved.name, after, str(given).strip(), training.engine(plpy))


def _asked(plpy: Server, name: str | None, version: int | None) -> tuple[Saved, Model, list[Verdict]]:
    saved = store.find(plpy, name, version)
    found = query(plpy, sql("verdicts"), ["text", "text", "bigint"], [saved.owner, saved.name, MAX_VERDICTS])
    return saved, loaded.get(store.load(plpy, saved)), [verdict_of(row["given"], row["verdict"]) for row in found]


def _sample(plpy: Server, model: Model, given: object) -> tuple[dict[str, pa.Array[Any]], dict[str, int]]:
    used = [*model.positional_columns, *([model.label_column] if model.label_column else [])]
    return training.sample(plpy, source(plpy, given), model.segment_by, 0, used)
