"""Explaining the anomalies of a source."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from adsql.explanation import checked_top_k, explain_anomalies, row_keys
from adsql_udfs.postgres import chunks, store
from adsql_udfs.postgres.columns import no_rows
from adsql_udfs.postgres.interrupts import interruptible
from adsql_udfs.postgres.sources import source

if TYPE_CHECKING:
    from adsql_udfs.postgres.server import Server


def explain(
    plpy: Server, given: object, model: str | None, top_k: int | None, key: str | None, version: int | None
) -> list[tuple[Any, ...]]:
    """Return why the rows that a saved model flags are anomalies: a row for each of their columns that count most.

    Parameters
    ----------
    plpy
        The server.
    given
        The source as the caller wrote it.
    model, version
        The model.
    top_k, key
        As in `adsql.explanation`.
    """
    checked_top_k(top_k)
    scorer = store.model(plpy, model, version)
    rows = source(plpy, given)
    row_keys(no_rows(rows.columns), key)
    rows.required(scorer.positional_columns)
    columns = rows.named([*scorer.positional_columns, *([] if key is None else [key])])
    result: list[tuple[Any, ...]] = []
    before = 0
    for table in chunks.read(plpy, rows, columns):
        keys = row_keys(table, key)
        for row, score, reasons in interruptible(plpy, partial(explain_anomalies, scorer, table, top_k)):
            result += [(before + row + 1, keys[row], score, *reason) for reason in reasons]
        before += len(keys)
    return result
