"""Which groups of a source's rows anomalies come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from adsql import contrasts
from adsql.errors import empty_source
from adsql_udfs.postgres import chunks
from adsql_udfs.postgres.columns import no_rows
from adsql_udfs.postgres.interrupts import interruptible
from adsql_udfs.postgres.sources import source

if TYPE_CHECKING:
    from adsql.contrasts import Contrast
    from adsql_udfs.postgres.server import Server


def contrast(plpy: Server, given: object, flag: str | None, dimensions: list[str] | None) -> list[Contrast]:
    """Return the segments that are over-represented among a source's anomalies; see `adsql.contrasts`."""
    rows = source(plpy, given)
    _, names = contrasts.checked(no_rows(rows.columns), flag, dimensions)
    columns = rows.named([*names, str(flag)])
    parts = list(chunks.read(plpy, rows, columns))
    if not parts:
        raise empty_source()
    table = {column.name: pa.concat_arrays([part[column.name] for part in parts]) for column in columns}
    return interruptible(plpy, lambda: contrasts.contrast(table, flag, dimensions))
