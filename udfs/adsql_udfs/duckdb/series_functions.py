"""The UDFs of series; see `functions` for what holds for all UDFs. What they call is imported with the first call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adsql_udfs.duckdb.function import Function, planned
from adsql_udfs.duckdb.training import RECORD

if TYPE_CHECKING:
    import pyarrow as pa

    from adsql_udfs.duckdb.function import Column

JUDGED = (
    "STRUCT(expected_value DOUBLE, lower_bound DOUBLE, upper_bound DOUBLE, anomaly_score DOUBLE, severity DOUBLE, "
    "is_anomaly BOOLEAN, status VARCHAR, asked BOOLEAN)"
)
CHANGE = "STRUCT(row BIGINT, kind VARCHAR, before DOUBLE, after DOUBLE, score DOUBLE, confidence DOUBLE)"
DETECTED = (
    f"STRUCT(points {JUDGED}[], algorithm TINYINT[], algorithms VARCHAR[], season BIGINT[], shares DOUBLE[][], "
    "later VARCHAR[])"
)


def plan_series(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of detect_series_anomalies."""
    from adsql_udfs.duckdb import series_plans  # noqa: PLC0415 - what others than series need not wait for

    return planned(series_plans.detect_series, arguments)


def plan_incidents(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of anomaly_incidents."""
    from adsql_udfs.duckdb import series_plans  # noqa: PLC0415 - as above

    return planned(series_plans.incidents, arguments)


def judge_series(lists: Column, options: Column) -> pa.Array[Any]:
    """Return the verdicts on the rows of each series."""
    from adsql_udfs.duckdb import series  # noqa: PLC0415 - as above

    return series.judge(lists, options)


def plan_changes(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of detect_change_points."""
    from adsql_udfs.duckdb import series_changes  # noqa: PLC0415 - as above

    return planned(series_changes.plan, arguments)


def change_points(lists: Column, options: Column) -> pa.Array[Any]:
    """Return the changes of each series."""
    from adsql_udfs.duckdb import series_changes  # noqa: PLC0415 - as above

    return series_changes.find(lists, options)


def plan_backtest(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of backtest_series."""
    from adsql_udfs.duckdb import series_backtest  # noqa: PLC0415 - as above

    return planned(series_backtest.plan, arguments)


def plan_train_series(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of train_series_model."""
    from adsql_udfs.duckdb import series_models  # noqa: PLC0415 - as above

    return planned(series_models.plan_train, arguments)


def plan_score_series(*arguments: Column) -> pa.Array[Any]:
    """Return the SQL of score_series."""
    from adsql_udfs.duckdb import series_models  # noqa: PLC0415 - as above

    return planned(series_models.plan_score, arguments)


def fit_series(*arguments: Column) -> pa.Array[Any]:
    """Return what a model keeps of each series."""
    from adsql_udfs.duckdb import series_models  # noqa: PLC0415 - as above

    return series_models.fit(*arguments)


def series_record(*arguments: Column) -> pa.Array[Any]:
    """Return a model of series as a row to store."""
    from adsql_udfs.duckdb import series_models  # noqa: PLC0415 - as above

    return series_models.record(*arguments)


def score_series(*arguments: Column) -> pa.Array[Any]:
    """Return the verdicts of a saved model on points of series."""
    from adsql_udfs.duckdb import series_models  # noqa: PLC0415 - as above

    return series_models.score(*arguments)


FUNCTIONS = (
    Function(plan_series, "VARCHAR"),
    Function(plan_incidents, "VARCHAR"),
    Function(judge_series, DETECTED, changes=True),
    Function(plan_changes, "VARCHAR"),
    Function(change_points, f"{CHANGE}[]", changes=True),
    Function(plan_backtest, "VARCHAR"),
    Function(plan_train_series, "VARCHAR"),
    Function(plan_score_series, "VARCHAR"),
    Function(fit_series, "BLOB", changes=True),
    Function(series_record, RECORD, changes=True),
    Function(score_series, JUDGED, changes=True),
)
