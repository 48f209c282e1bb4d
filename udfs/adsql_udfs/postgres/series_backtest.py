"""What causal detection would have told: SQL around that of detect_series_anomalies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from adsql.series.backtest import CAUSAL, period_step
from adsql_udfs.postgres import series as series_sql
from adsql_udfs.postgres.sources import source
from adsql_udfs.postgres.texts import sql
from adsql_udfs.quoting import escaped_literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adsql_udfs.postgres.server import Server

_NUMBER = re.compile("[0-9]{1,30}")  # of more digits, Python's int() refuses thousands
_SAME_SERIES = "(k.series OPERATOR(pg_catalog.=) j.series OR (k.series IS NULL AND j.series IS NULL))"


def plan(
    plpy: Server,
    given: str,
    time_column: str | None,
    value_columns: Sequence[str] | None,
    series: Sequence[str] | None,
    step: str | None,
    incidents: str | None,
    options: Mapping[str, Any],
) -> str:
    """Return the SQL that tells what would have been told in each period.

    Parameters
    ----------
    plpy
        The server.
    given, time_column, value_columns, series
        As for `series.planned`.
    step
        The length of a period; None for a day.
    incidents
        The source of what is known to have happened.
    options
        The other options of causal detection.

    Raises
    ------
    OptionError, SourceError, ColumnError
        For anything that cannot be used.
    """
    rows, detected = series_sql.planned(plpy, given, time_column, value_columns, series, dict(options) | CAUSAL)
    kind = series_sql.kind_of(rows.time)
    period = _period(step, whole=kind == series_sql.INT8)
    known = sql("backtest_unlabelled")
    if incidents is not None:
        known = _known(plpy, incidents, kind, by_series=series is not None)
    parts = {"period_ts": period, "delay_ts": "pg_catalog.avg(c.delay)"}
    others = {"period_number": "NULL::pg_catalog.int8", "delay_number": "NULL::pg_catalog.float8"}
    if kind == series_sql.INT8:
        parts = {"period_ts": "NULL::pg_catalog.timestamptz", "delay_ts": "NULL::pg_catalog.interval"}
        others = {"period_number": period, "delay_number": "pg_catalog.avg(c.delay)::pg_catalog.float8"}
    return sql(
        "backtest", detected=detected, period=period, incidents=known, **parts, **others,
        at="d.ts" if kind == series_sql.TS else "d.ts_number",
        distance="pg_catalog.interval" if kind == series_sql.TS else series_sql.INT8,
        labelled="false" if incidents is None else "true", same_series="true" if series is None else _SAME_SERIES,
    )  # fmt: skip


def _period(step: str | None, *, whole: bool) -> str:
    """Return SQL of the beginning of a time's period."""
    length = period_step(int(step) if step is not None and _NUMBER.fullmatch(step) else step, whole=whole)
    if isinstance(length, int):
        return sql("backtest_period", length=f"{length}::pg_catalog.int8")
    return f"pg_catalog.date_trunc({escaped_literal(length)}, c.ts)"


def _known(plpy: Server, incidents: str, kind: str, *, by_series: bool) -> str:
    rows = source(plpy, incidents)
    series_sql.named(rows, "incidents", ["started_at", "ended_at", *(["series"] if by_series else [])])
    own = "adsql_source.series::pg_catalog.text" if by_series else "NULL::pg_catalog.text"
    return sql("backtest_incidents", source=rows.text, series=own, type=kind)
