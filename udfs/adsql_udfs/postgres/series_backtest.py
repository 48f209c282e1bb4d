"""What causal detection would have told: SQL around that of detect_series_anomalies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adsql.series.backtest import CAUSAL, period_step
from adsql_udfs.postgres import series as series_sql
from adsql_udfs.postgres.sources import source
from adsql_udfs.postgres.texts import sql
from adsql_udfs.quoting import escaped_literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adsql_udfs.postgres.server import Server

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
        As for `series.plan`.
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
    detected = series_sql.plan(plpy, given, time_column, value_columns, series, dict(options) | CAUSAL)
    known = sql("backtest_unlabelled") if incidents is None else _known(plpy, incidents, by_series=series is not None)
    return sql(
        "backtest", detected=detected, step=escaped_literal(str(period_step(step, whole=False))), incidents=known,
        labelled="false" if incidents is None else "true", same_series="true" if series is None else _SAME_SERIES,
    )  # fmt: skip


def _known(plpy: Server, incidents: str, *, by_series: bool) -> str:
    rows = source(plpy, incidents)
    series_sql.named(rows, "incidents", ["started_at", "ended_at", *(["series"] if by_series else [])])
    own = "adsql_source.series::pg_catalog.text" if by_series else "NULL::pg_catalog.text"
    return sql("backtest_incidents", source=rows.text, series=own)
