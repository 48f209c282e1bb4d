"""adsql in PostgreSQL: an extension whose functions are in PL/Python.

>>> from adsql.engines import engine
>>> engine("postgres").install.__name__
'install'
"""

from __future__ import annotations

from adsql_udfs.postgres.installation import install
from adsql_udfs.postgres.verification import check

__all__ = ["check", "install"]
