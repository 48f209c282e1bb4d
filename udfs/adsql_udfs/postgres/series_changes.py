"""Change points of series in PostgreSQL."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from adsql.arrow import unbounded_float64
from adsql.series.changes import ChangeOptions, changed_rows
from adsql_udfs.postgres.columns import decoded
from adsql_udfs.postgres.interrupts import interruptible
from adsql_udfs.postgres.scoring import array_text, described, described_columns
from adsql_udfs.postgres.series import SeriesRows
from adsql_udfs.postgres.texts import sql
from adsql_udfs.quoting import escaped_literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adsql.series.changes import Change
    from adsql_udfs.postgres.server import Server


class ChangeArrays(NamedTuple):
    """The changes of a series, each field as the text of an array; the place is that of the row, from 1 on."""

    place: str
    kind: str
    before: str
    after: str
    score: str
    confidence: str


def plan(
    plpy: Server,
    given: str,
    time_column: str | None,
    value_column: str | None,
    series: Sequence[str] | None,
    options: Mapping[str, Any],
) -> str:
    """Return the SQL that finds where the series of a source change.

    Parameters
    ----------
    plpy
        The server.
    given, time_column, value_column, series, options
        As for `series.planned`, with one column of values.

    Raises
    ------
    OptionError, SourceError, ColumnError
        For anything that cannot be used.
    """
    values = None if value_column is None else [value_column]
    rows = SeriesRows.of(plpy, given, time_column, values, series, options)
    ChangeOptions.parse(**rows.given)
    return sql(
        "series_changes", groups=rows.groups(rows.columns), options=escaped_literal(json.dumps(rows.given)),
        columns=escaped_literal(described(rows.columns)),
    )  # fmt: skip


def find(plpy: Server, options: str, columns: str, n: int, parts: Sequence[bytes]) -> ChangeArrays:
    """Find the changes of one series, from the binary parts of its rows; the last tells which are excluded."""
    time, value = decoded(described_columns(columns), parts[:-1], n).values()
    asked = ChangeOptions.parse(**json.loads(options))
    excluded = np.frombuffer(parts[-1], np.uint8).astype(np.bool_)
    return interruptible(plpy, lambda: _arrays(changed_rows(time, unbounded_float64(value), excluded, asked)))


def _arrays(changes: Sequence[Change]) -> ChangeArrays:
    floats = np.array([(c.before, c.after, c.score, c.confidence) for c in changes], np.float64).reshape(-1, 4)
    return ChangeArrays(
        array_text(np.array([change.place + 1 for change in changes], np.int64)),
        array_text(np.array([change.kind.value for change in changes], object)),
        *(array_text(column) for column in floats.T),
    )
