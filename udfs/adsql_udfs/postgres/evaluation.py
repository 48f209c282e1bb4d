"""Evaluating saved models on the labelled rows of a source."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from adsql import evaluation
from adsql.errors import empty_source
from adsql.evaluation import Outcomes
from adsql.segment_keys import segment_keys
from adsql.threshold_report import threshold_report
from adsql_udfs import loaded
from adsql_udfs.postgres import chunks, store
from adsql_udfs.postgres.columns import no_rows
from adsql_udfs.postgres.interrupts import interruptible
from adsql_udfs.postgres.sources import source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adsql.arrow import Columns, Floats
    from adsql.evaluation import Metric
    from adsql.model import Model
    from adsql.threshold_report import Threshold
    from adsql_udfs.postgres.server import Server
    from adsql_udfs.postgres.store import Saved


def evaluate(
    plpy: Server, model: str | None, given: object, label: str | None, k: int | None, version: int | None
) -> list[Metric]:
    """Return how well a saved model does on a labelled source.

    Parameters
    ----------
    plpy
        The server.
    model, version
        The model.
    given
        The source as the caller wrote it.
    label, k
        As in `adsql.evaluation`.
    """
    found, labels = _read(plpy, [store.find(plpy, model, version)], given, label)
    return interruptible(plpy, lambda: evaluation.evaluate(found[0], labels, k))


def compare(
    plpy: Server, models: object, given: object, label: str | None, k: int | None, versions: object
) -> list[tuple[Any, ...]]:
    """Return how well several models do on the same rows, with their names and versions."""
    asked = evaluation.asked_models(models, versions)
    saved = [store.find(plpy, name, number) for name, number in asked]
    found, labels = _read(plpy, saved, given, label)
    compared = interruptible(plpy, lambda: evaluation.compare(found, labels, k))
    return [(saved[one.model].name, saved[one.model].version, *one[1:]) for one in compared]


def thresholds(plpy: Server, name: str | None, given: object, version: int | None) -> list[Threshold]:
    """Return what each threshold of a saved model would flag of a source."""
    model = store.model(plpy, name, version)
    rows = source(plpy, given)
    columns = rows.required(model.positional_columns)
    parts = [interruptible(plpy, partial(_keyed, model, table)) for table in chunks.read(plpy, rows, columns)]
    if not parts:
        raise empty_source()
    keys, scores = pa.concat_arrays([keys for keys, _ in parts]), np.concatenate([scores for _, scores in parts])
    return interruptible(plpy, lambda: threshold_report(model, keys, scores))


def _keyed(model: Model, table: Columns) -> tuple[pa.StringArray, Floats]:
    scores = model.score(table)
    return segment_keys(table, model.segment_by), np.where(scores.present, scores.anomaly_score, np.nan)


def _read(plpy: Server, saved: Sequence[Saved], given: object, label: str | None) -> tuple[list[Outcomes], Floats]:
    models = [loaded.get(store.load(plpy, one)) for one in saved]
    rows = source(plpy, given)
    none = no_rows(rows.columns)
    evaluation.labels_of(none, label)
    for model in models:
        rows.required(model.positional_columns)
    used = {name for model in models for name in model.positional_columns}
    columns = rows.named([*used, str(label)])
    parts = [
        interruptible(plpy, partial(_outcomes, models, table, label)) for table in chunks.read(plpy, rows, columns)
    ]
    if not parts:
        raise empty_source()
    found = [
        Outcomes(
            np.concatenate([outcomes[place].score for outcomes, _ in parts]),
            np.concatenate([outcomes[place].is_anomaly for outcomes, _ in parts]),
        )
        for place in range(len(models))
    ]
    return found, np.concatenate([labels for _, labels in parts])


def _outcomes(models: Sequence[Model], table: Columns, label: str | None) -> tuple[list[Outcomes], Floats]:
    return [evaluation.outcomes(model, table) for model in models], evaluation.labels_of(table, label)
