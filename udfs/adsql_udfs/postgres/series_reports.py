"""Calls about changes, backtests and models of series, beside `reports` and loaded as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adsql_udfs.postgres import series_backtest, series_changes, series_models
from adsql_udfs.postgres.calls import given_options, reporting, stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adsql_udfs.postgres.series import JudgedArrays
    from adsql_udfs.postgres.server import Server


@reporting
def plan_changes(
    plpy: Server, given: str, time: str | None, value: str | None, keys: Sequence[str] | None, options: str
) -> str:
    """Return the SQL of detect_change_points."""
    return series_changes.plan(plpy, given, time, value, keys, given_options(options))


@reporting
def change_points(plpy: Server, *arguments: Any) -> series_changes.ChangeArrays:  # noqa: ANN401 - `series_changes.find`
    """Return the changes of a series."""
    return series_changes.find(plpy, *arguments)


@reporting
def plan_backtest(
    plpy: Server,
    given: str,
    time: str | None,
    values: Sequence[str] | None,
    keys: Sequence[str] | None,
    step: str | None,
    incidents: str | None,
    options: str,
) -> str:
    """Return the SQL of backtest_series."""
    return series_backtest.plan(plpy, given, time, values, keys, step, incidents, given_options(options))


@reporting
def train_series(
    plpy: Server,
    name: str | None,
    given: str,
    time: str | None,
    values: Sequence[str] | None,
    keys: Sequence[str] | None,
    options: str,
) -> dict[str, Any]:
    """Train and store a model of series and return its description."""
    return stored(plpy, series_models.train(plpy, name, given, time, values, keys, given_options(options)))


@reporting
def keep_series(plpy: Server, *arguments: Any) -> bytes:  # noqa: ANN401 - as `series_models.keep`
    """Return what a model keeps of one series."""
    return series_models.keep(plpy, *arguments)


@reporting
def plan_score_series(plpy: Server, model: str | None, given: str, version: int | None) -> str:
    """Return the SQL of score_series."""
    return series_models.plan_score(plpy, model, given, version)


@reporting
def score_series(plpy: Server, *arguments: Any) -> JudgedArrays:  # noqa: ANN401 - as `series_models.score`
    """Return the verdicts of a model on a chunk of points."""
    return series_models.score(plpy, *arguments)
