"""adsql in PostgreSQL: an extension whose functions are in PL/Python.

>>> from adsql.engines import engine
>>> engine("postgres").install.__name__
'install'
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

from adsql.imports import uncollected
from adsql_udfs.postgres.signals import blocked

if "plpy" in sys.modules:
    # A backend is one process among many: threads that numpy's BLAS starts, and has wait in a loop, are other sessions'
    # processors. It reads this once, when it is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
with blocked(), uncollected():  # Arrow's allocator starts a thread when it is loaded
    import pyarrow as pa  # noqa: F401 - loaded before anything else does

__all__ = ["check", "install"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a function
    """Import what installs the extension when it is asked for: a backend waits for all that it imports."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{'verification' if name == 'check' else 'installation'}")
    return getattr(module, name)
