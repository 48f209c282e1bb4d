"""Scores of many rows: binary columns in, text that PostgreSQL reads as arrays out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from adsql import ranking
from adsql.alert_cap import alert_groups, check_planned
from adsql.arrow import compute
from adsql.arrow_memory import array_of, one_list, texts
from adsql.errors import UnknownModel
from adsql.options import TrainingOptions
from adsql_udfs import loaded
from adsql_udfs.postgres import backend, store
from adsql_udfs.postgres.columns import FORMS, Column, decoded
from adsql_udfs.postgres.interrupts import interruptible

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from adsql.model import Model
    from adsql.segment import Scores
    from adsql_udfs.postgres.server import Server


# As scalars: Arrow asks of all else whether it is of pandas.
_COMMA, _NULL = texts([",", "NULL"])


class Arrays(NamedTuple):
    """Results of n rows, each as the text of an array."""

    anomaly_score: str
    severity: str
    is_anomaly: str


_trainers: dict[int, int] = {}  # roles by the handles of models that were trained on the way
_MOST = 10_000  # of them: as many as one statement may need at once, and more


def keep(model: Model) -> int:
    """Keep a model for the statement that trained it, and the role that runs it; return its handle."""
    handle = loaded.keep(model)
    _trainers[handle] = backend.user()
    if len(_trainers) > _MOST:
        del _trainers[next(iter(_trainers))]
    return handle


def _kept(handle: int) -> int:
    # A session may serve several roles, and a caller may write any number.
    if _trainers.get(handle) != backend.user():
        raise UnknownModel(f"no model has the handle {handle}", hint="pass a model's name")
    return handle


def score_chunk(
    plpy: Server,
    model: str | None,
    version: int | None,
    handle: int | None,
    columns: str,
    n: int,
    parts: Sequence[bytes],
    alert_cap: str | None,
) -> Arrays:
    """Score a chunk of a source by a saved model, or by one that lives in this backend's memory only.

    Parameters
    ----------
    plpy
        The server.
    model, version
        The saved model; None for the one with the handle.
    handle
        The model in memory.
    columns
        The source's columns that the model needs, as `described` wrote them.
    n
        The rows of the chunk.
    parts
        Their binary parts.
    alert_cap
        The saved model's cap on alerts that the query applies, as `AlertCap.plan` wrote it; None if it applies none.
    """
    table = decoded(described_columns(columns), parts, n)
    # A caller can write any handle: those of saved models, which may be another role's, are for their names to reach.
    if handle is None:
        scorer = store.model(plpy, model, version)
        check_planned(scorer.alert_cap, scorer.segment_by, alert_cap)
    else:
        scorer = loaded.passing(_kept(handle))
    return interruptible(plpy, lambda: _arrays(scorer.score(table)))


def groups(plpy: Server, columns: str, n: int, parts: Sequence[bytes]) -> list[str | None]:
    """Return what tells the day and segment of each row of a chunk from all others.

    Parameters
    ----------
    plpy
        The server.
    columns
        The column of the days, read as dates, then those of the segments, as `described` wrote them.
    n
        The rows of the chunk.
    parts
        Their binary parts.
    """
    day, *segments = described_columns(columns)
    size = len(FORMS[day.form].aggregates)
    days = decoded([day], parts[:size], n)[day.name]
    table = decoded(segments, parts[size:], n)
    names = [column.name for column in segments]
    return interruptible(plpy, lambda: alert_groups(days, table, names).to_pylist())


def rank_all(plpy: Server, options: str, columns: str, total: int, n: int, parts: Sequence[bytes]) -> Arrays:
    """Rank the rows of a source, all of which are in one chunk."""
    table = decoded(described_columns(columns), parts, n)
    asked = TrainingOptions.parse(**json.loads(options))
    return interruptible(plpy, lambda: _arrays(ranking.rank(table, asked, total)))


def described(columns: Sequence[Column]) -> str:
    """Return columns as JSON, for the SQL that passes them on."""
    return json.dumps([[column.name, column.sql_type, column.form] for column in columns])


def described_columns(columns: str) -> list[Column]:
    """Return the columns that `described` wrote."""
    return [Column(*column) for column in json.loads(columns)]


def _arrays(scores: Scores) -> Arrays:
    missing = None if scores.present.all() else ~scores.present
    # Shortest digits that read back as the same float, and NULL.
    return Arrays(*(array_text(getattr(scores, name), missing) for name in Arrays._fields))


def array_text(values: np.ndarray[Any, Any], missing: np.ndarray[Any, Any] | None = None) -> str:
    """Return values as the text of an array, with NULL for those that are missing."""
    given = texts(values.tolist()) if values.dtype == object else array_of(values, missing).cast(pa.string())
    written = compute().coalesce(given, _NULL)
    joined = compute().binary_join(one_list(written), _COMMA)
    return f"{{{joined[0].as_py() or ''}}}"
