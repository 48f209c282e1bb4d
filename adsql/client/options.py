"""The options of the client's calls, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from collections.abc import Sequence


class TrainingOptions(TypedDict, total=False):
    """Options of the SQL functions `train_model` and `detect_anomalies`, which docs/sql.md describes."""

    algorithm: str
    columns: Sequence[str]
    segment_by: Sequence[str]
    contamination: float
    threshold: float
    alert_budget: int
    params: dict[str, Any]
    seed: int
    label_column: str
    segment_shrinkage: float
    alert_day: str


class DetectionOptions(TrainingOptions, total=False):
    """The same, or a saved model instead."""

    model: str
    version: int


class EvaluationOptions(TypedDict, total=False):
    """Options of the SQL function `evaluate_model`."""

    k: int
    version: int
