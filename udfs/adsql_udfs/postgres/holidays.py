"""Holidays in PostgreSQL: the SQL that tells when they are, and what it tells."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from adsql.arrow import column_named
from adsql.series.holidays import Calendar
from adsql_udfs.postgres.texts import sql
from adsql_udfs.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adsql_udfs.postgres.columns import Column
    from adsql_udfs.postgres.sources import Source

WHOLE = "whole"
NUMBERS = ("float", "whole numeric", "single", "numeric", WHOLE)
_KINDS = {"date": "date", "timestamp": "timestamp", "timestamptz": "timestamptz", WHOLE: "int8"}
_MICROSECONDS = "(EXTRACT(epoch FROM {}) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8"
_DAYS = "{} OPERATOR(pg_catalog.-) '1970-01-01'::pg_catalog.date"


def times(rows: Source, columns: Sequence[Column], form: str, key: str | None) -> str:
    """Return the SQL of a series' holidays as JSON, in the unit in which its times are read.

    Parameters
    ----------
    rows
        The source of holidays.
    columns
        Of these that of days, or those of beginnings and ends.
    form
        The form of the series' times.
    key
        SQL of the series' `series_text`, if there are several, which may have holidays of their own.
    """
    used = [f"adsql_holiday.{identifier(column.name)}" for column in columns]
    if form != WHOLE:
        used = [sql("reached", time=time) for time in used]
    bounds = ("adsql_days.adsql_first", "adsql_days.adsql_last")
    unit = {"date": _DAYS, WHOLE: "{}"}.get(form, _MICROSECONDS)
    names = [column.name for column in rows.columns]
    name, series = column_named("name", names), column_named("series", names)
    own = [column for column in rows.columns if column.name == series][:1] if key is not None else []
    theirs = "".join(f"adsql_holiday.{identifier(column.name)}" for column in own)
    return sql(
        "holidays", source=rows.text, type=f"pg_catalog.{_KINDS[form]}",
        started=used[0] if len(used) > 1 else f"{used[0]}::pg_catalog.date::pg_catalog.timestamp",
        ended=used[1] if len(used) > 1 else sql("last_of_day", day=used[0]),
        name="NULL::pg_catalog.text" if name is None else f"adsql_holiday.{identifier(name)}::pg_catalog.text",
        same_series=f"{theirs} IS NULL OR {series_text(theirs, own)} OPERATOR(pg_catalog.=) {key}" if own else "true",
        first=unit.format(bounds[0]), last=unit.format(bounds[1]),
        known=" AND ".join(f"{bound} IS NOT NULL" for bound in bounds),
    )  # fmt: skip


def series_text(series: str, columns: Sequence[Column]) -> str:
    """Return the SQL of a series as text that is the same for equal values of different types.

    Parameters
    ----------
    series
        SQL of a value, or of its text.
    columns
        The columns that it is of.
    """
    text = f"{series}::pg_catalog.text"
    if len(columns) == 1 and columns[0].form in NUMBERS:
        return f"pg_catalog.trim_scale({text}::pg_catalog.numeric)::pg_catalog.text"
    return text


def calendar(found: str | None) -> Calendar | None:
    """Return the holidays that the SQL found for a series."""
    rows = json.loads(found) if found else []
    if not rows:
        return None
    names, starts, ends = zip(*rows, strict=True)
    return Calendar.of(np.array(starts, np.int64), np.array(ends, np.int64), names)
