"""Models in memory, by content hash: loaded once, shared by all threads and connections of the process."""

from __future__ import annotations

import threading
from collections import OrderedDict

from adsql.errors import CorruptModel
from adsql.model import Model

CAPACITY = 512

_lock = threading.Lock()
_models: OrderedDict[str, Model] = OrderedDict()


def keep(model: Model) -> str:
    """Keep a model and return its handle."""
    handle = model.content_hash
    with _lock:
        _models[handle] = model
        _models.move_to_end(handle)
        while len(_models) > CAPACITY:
            _models.popitem(last=False)
    return handle


def load(content_hash: str, state: bytes) -> str:
    """Return the handle of a stored model, restoring it unless it is in memory.

    A model in memory was verified against its hash when it was restored.
    """
    with _lock:
        known = content_hash in _models
        if known:
            _models.move_to_end(content_hash)  # about to be used: those loaded after it must not push it out
    if not known:
        return keep(Model.from_bytes(state, content_hash))
    return content_hash


def get(handle: str) -> Model:
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
