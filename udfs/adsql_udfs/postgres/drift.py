"""Whether rows are still like those that a saved model was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adsql.drift import check_drift
from adsql_udfs.postgres import store
from adsql_udfs.postgres.interrupts import interruptible
from adsql_udfs.postgres.sources import source
from adsql_udfs.postgres.training import sample

if TYPE_CHECKING:
    from adsql.drift import Drift
    from adsql_udfs.postgres.server import Server


def drift(plpy: Server, name: str | None, given: object, version: int | None) -> list[Drift]:
    """Return how a sample of a source differs from what a saved model was trained on; see `adsql.drift`."""
    model = store.model(plpy, name, version)
    rows = source(plpy, given)
    rows.required(model.positional_columns)
    table, _ = sample(plpy, rows, model.segment_by, 0, model.positional_columns)
    return interruptible(plpy, lambda: check_drift(model, table))
