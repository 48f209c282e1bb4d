"""adsql in PostgreSQL: an extension whose functions are in PL/Python.

>>> from adsql.engines import engine
>>> engine("postgres").install.__name__
'install'
"""

from __future__ import annotations

from adsql_udfs.postgres.signals import blocked

with blocked():  # Arrow's allocator starts a thread when it is loaded
    import pyarrow as pa  # noqa: F401 - loaded before anything else does

from adsql_udfs.postgres.installation import install
from adsql_udfs.postgres.verification import check

__all__ = ["check", "install"]
