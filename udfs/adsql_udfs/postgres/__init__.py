"""adsql in PostgreSQL: an extension whose functions are in PL/Python.

>>> from adsql.engines import engine
>>> engine("postgres").install.__name__
'install'
"""

from __future__ import annotations

import os
import sys

from adsql.imports import uncollected
from adsql_udfs.postgres.signals import blocked

if "plpy" in sys.modules:
    # A backend is one process among many: threads that numpy's BLAS starts, and has wait in a loop, are other sessions'
    # processors. It reads this once, when it is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
with blocked(), uncollected():  # Arrow's allocator starts a thread when it is loaded
    import pyarrow as pa  # noqa: F401 - loaded before anything else does

from adsql_udfs.postgres.installation import install
from adsql_udfs.postgres.verification import check

__all__ = ["check", "install"]
