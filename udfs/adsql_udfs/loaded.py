"""Models in memory, by handle: loaded once, shared by all threads and connections of the process.

A handle is a number, since DuckDB copies it for every row. A stored model keeps its handle as long as the process
runs, also while it is not in memory.
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from adsql.errors import CorruptModel, WrongKindOfModel
from adsql.model import Model
from adsql.restoring import restored

if TYPE_CHECKING:
    from adsql.restoring import AnyModel
    from adsql.series.model import SeriesModel


class Shelf:
    """Models by handle. Those unused for longest leave when all together are too large.

    Parameters
    ----------
    max_bytes
        The size of the models in all, as they are stored.
    at_least
        So many models stay whatever their size: one statement may use several, and threads run several statements.
    """

    def __init__(self, max_bytes: int, at_least: int) -> None:
        self._max_bytes, self._at_least = max_bytes, at_least
        self._models: OrderedDict[int, tuple[AnyModel, int]] = OrderedDict()
        self._bytes = 0

    def get(self, handle: int) -> AnyModel | None:
        """Return a model, which is then the one used last, or None."""
        if handle not in self._models:
            return None
        self._models.move_to_end(handle)
        return self._models[handle][0]

    def last(self) -> AnyModel | None:
        """Return the model that was used last, or None."""
        return next(reversed(self._models.values()))[0] if self._models else None

    def put(self, handle: int, model: AnyModel, size: int) -> None:
        """Add a model of a size in bytes."""
        self._bytes += size - self._models.pop(handle, (model, 0))[1]
        self._models[handle] = model, size
        while self._bytes > self._max_bytes and len(self._models) > self._at_least:
            self._bytes -= self._models.popitem(last=False)[1][1]


_lock = threading.Lock()
_stored = Shelf(max_bytes=256 * 2**20, at_least=16)
# Of detect_anomalies without a saved model: no other statement will ask for them.
_passing = Shelf(max_bytes=64 * 2**20, at_least=16)
_numbers = itertools.count(1)
_handles: dict[str, int] = {}


def keep(model: Model) -> int:
    """Keep a model for the statement that trained it and return its handle."""
    with _lock:
        handle = next(_numbers)
        _passing.put(handle, model, model.size)
    return handle


def last_fitted() -> Model | None:
    """Return the model that `detect_anomalies` trained last in this process: SQL has no name for it."""
    with _lock:
        model = _passing.last()
    return model if isinstance(model, Model) else None


def load(content_hash: str, state: bytes) -> int:
    """Return the handle of a stored model, restoring it unless it is in memory.

    A model in memory was verified against its hash when it was restored.
    """
    handle = known(content_hash)
    if handle is not None:
        return handle
    model = restored(state, content_hash)
    with _lock:
        handle = _handles.setdefault(content_hash, next(_numbers))
        _stored.put(handle, model, len(state))
    return handle


def known(content_hash: str) -> int | None:
    """Return the handle of a stored model that is in memory, or None."""
    with _lock:
        handle = _handles.get(content_hash)
        # It is about to be used: those loaded after it must not push it out.
        return handle if handle is not None and _stored.get(handle) is not None else None


def get(handle: int) -> Model:
    """Return a model of rows that is in memory.

    Raises
    ------
    WrongKindOfModel
        If it is one of series.
    """
    return _of_rows(either(handle))


def get_series(handle: int) -> SeriesModel:
    """Return a model of series that is in memory.

    Raises
    ------
    WrongKindOfModel
        If it is one of rows.
    """
    model = either(handle)
    if isinstance(model, Model):
        raise WrongKindOfModel(
            f"the model judges rows by {model.algorithm}, each by itself, and not series",
            allowed="models that train_series_model trained",
            hint="detect_anomalies(source, model => 'name'), anomaly_score('name', row)",
        )
    return model


def either(handle: int) -> AnyModel:
    """Return a model that is in memory, of either kind."""
    with _lock:
        model = _stored.get(handle) or _passing.get(handle)
    return _present(model, handle)


def passing(handle: int) -> Model:
    """Return a model that was kept for the statement that trained it, and no stored one."""
    with _lock:
        model = _passing.get(handle)
    return _of_rows(_present(model, handle))


def _of_rows(model: AnyModel) -> Model:
    if not isinstance(model, Model):
        raise WrongKindOfModel(
            f"the model judges points of series, by {model.algorithm}, and a row alone is none",
            allowed="models that train_model trained",
            hint="score_series('name', source)",
        )
    return model


def _present(model: AnyModel | None, handle: int) -> AnyModel:
    if model is None:
        raise CorruptModel(
            f"no model has the handle {handle!r}",
            hint="pass a model's name; too many models in use at once push each other out of memory",
        )
    return model
