"""Models in memory, by content hash: loaded once, shared by all threads and connections of the process."""

from __future__ import annotations

import threading
from collections import OrderedDict

from adsql.errors import CorruptModel, shown
from adsql.model import Model

CAPACITY = 512

_HEX_DIGITS = 15  # of the content hash: a handle is a BIGINT, since DuckDB copies it for every row

_lock = threading.Lock()
_models: OrderedDict[int, Model] = OrderedDict()
_last: list[Model] = []


def keep(model: Model) -> int:
    """Keep a model that was fitted and return its handle."""
    _last[:] = [model]
    return _kept(model)


def last_fitted() -> Model | None:
    """Return the model that this process fitted last for `detect_anomalies`, which SQL has no name for."""
    return _last[0] if _last else None


def _kept(model: Model) -> int:
    handle = _handle(model.content_hash)
    with _lock:
        _models[handle] = model
        _models.move_to_end(handle)
        while len(_models) > CAPACITY:
            _models.popitem(last=False)
    return handle


def load(content_hash: str, state: bytes) -> int:
    """Return the handle of a stored model, restoring it unless it is in memory.

    A model in memory was verified against its hash when it was restored.
    """
    handle = _handle(content_hash)
    with _lock:
        known = _models.get(handle)
        if known is not None and known.content_hash == content_hash:
            _models.move_to_end(handle)  # about to be used: those loaded after it must not push it out
            return handle
    return _kept(Model.from_bytes(state, content_hash))


def get(handle: int) -> Model:
    """Return a model that is in memory."""
    with _lock:
        model = _models.get(handle)
        if model is not None:
            _models.move_to_end(handle)
            return model
    raise CorruptModel(
        f"no model has the handle {handle!r}",
        hint=f"pass a model's name; more than {CAPACITY} models in use at once evict each other",
    )


def _handle(content_hash: str) -> int:
    try:
        return int(content_hash[:_HEX_DIGITS], 16)
    except ValueError as error:
        raise CorruptModel(f"{shown(content_hash)} is no content hash", hint="restore a backup") from error
