"""What causal detection would have told: SQL around that of detect_series_anomalies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adsql.series.backtest import CAUSAL, period_step
from adsql_udfs.duckdb.plans import plain, template
from adsql_udfs.duckdb.series_plans import WHOLE, bound_types, columns_of, detect_series, kind_of
from adsql_udfs.duckdb.sources import source_query
from adsql_udfs.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_INCIDENTS = "SELECT 0 AS number, series, ts AS started_at, ts AS ended_at FROM adsql_judged WHERE false"


def plan(
    source: str,
    plan: str | None,
    plans: Mapping[str, str | None],
    time_column: object,
    value_columns: object,
    series: object,
    step: object,
    incidents: str | None,
    options: Mapping[str, Any],
) -> str:
    """Return the SQL that tells what would have been told in each period.

    Parameters
    ----------
    source, plan, plans, time_column, value_columns, series
        As for `series_plans.detect_series`.
    step
        The length of a period: a word for times, a number for whole numbers; NULL for a day.
    incidents
        The source of what is known to have happened.
    options
        The other options of causal detection.
    """
    detected = detect_series(source, plan, plans, time_column, value_columns, series, dict(options) | CAUSAL)
    kind = kind_of(str(time_column), bound_types(source, plans["source"]))
    length = period_step(plain(step), whole=None if kind is None else kind in WHOLE)
    known = _NO_INCIDENTS if incidents is None else _known(incidents, plans["incidents"], by_series=series is not None)
    return template("backtest").substitute(
        detected=detected,
        incidents=known,
        same_series="" if series is None else " AND adsql_known.series IS NOT DISTINCT FROM adsql_judged.series",
        period=_period(length),
        labels=template("backtest_unlabelled" if incidents is None else "backtest_labels").substitute(),
    )


def _period(length: str | int) -> str:
    """Return SQL of the beginning of a time's period."""
    if isinstance(length, int):
        return template("backtest_period").substitute(length=length)
    return f"date_trunc({literal(length)}, ts)"


def _known(incidents: str, plan: str | None, *, by_series: bool) -> str:
    own = ["series"] if by_series else []
    columns = [*own, "started_at", "ended_at"]
    columns_of("incidents", columns, bound_types(incidents, plan))
    return template("backtest_incidents").substitute(columns=", ".join(columns), source=source_query(incidents))
