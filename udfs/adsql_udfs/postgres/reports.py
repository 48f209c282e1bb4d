"""Calls that look at whole sources once: evaluations, explanations, series.

Beside `calls`, which a backend loads for its first score: importing these takes it a further tenth of a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adsql_udfs.postgres import contrasts, drift, evaluation, explanation, feedback, profiling, reliability, series
from adsql_udfs.postgres.calls import given_options, reporting, stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adsql_udfs.postgres.server import Server


@reporting
def plan_series(
    plpy: Server, given: str, time: str | None, values: Sequence[str] | None, keys: Sequence[str] | None, options: str
) -> str:
    """Return the SQL of detect_series_anomalies."""
    return series.planned(plpy, given, time, values, keys, given_options(options))[1]


@reporting
def plan_incidents(plpy: Server, given: str, max_gap: int | None) -> str:
    """Return the SQL of anomaly_incidents."""
    return series.plan_incidents(plpy, given, max_gap)


@reporting
def judge_series(plpy: Server, *arguments: Any) -> tuple[Any, ...]:  # noqa: ANN401 - as `series.judge`
    """Return the verdicts on the rows of a series."""
    return series.judge(plpy, *arguments)


@reporting
def evaluate_model(plpy: Server, *arguments: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - as `evaluation.evaluate`
    """Return how well a model does on a labelled source."""
    return list(evaluation.evaluate(plpy, *arguments))


@reporting
def compare_models(plpy: Server, *arguments: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - as `evaluation.compare`
    """Return how well several models do on a labelled source."""
    return evaluation.compare(plpy, *arguments)


@reporting
def threshold_report(plpy: Server, *arguments: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - `evaluation.thresholds`
    """Return what each threshold of a model would flag."""
    return list(evaluation.thresholds(plpy, *arguments))


@reporting
def model_stability(plpy: Server, *arguments: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - `reliability.stability`
    """Return how alike models are that differ in seed or rows."""
    return list(reliability.stability(plpy, *arguments))


@reporting
def detector_agreement(plpy: Server, *arguments: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - `reliability.agreement`
    """Return how alike detectors are."""
    return list(reliability.agreement(plpy, *arguments))


@reporting
def give_feedback(plpy: Server, *arguments: Any) -> str:  # noqa: ANN401 - as `feedback.give`
    """Keep a verdict on a row and return it."""
    return feedback.give(plpy, *arguments)


@reporting
def preview_feedback(plpy: Server, *arguments: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - as `feedback.effects`
    """Return what learning from verdicts would change."""
    return list(feedback.effects(plpy, *arguments))


@reporting
def apply_feedback(plpy: Server, *arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - as `feedback.applied`
    """Let a model learn from verdicts and return the new version's description."""
    return stored(plpy, feedback.applied(plpy, *arguments))


@reporting
def explain_anomalies(plpy: Server, *arguments: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - `explanation.explain`
    """Return why the anomalies of a source are anomalies."""
    return explanation.explain(plpy, *arguments)


@reporting
def contrast_anomalies(plpy: Server, *arguments: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - `contrasts.contrast`
    """Return which groups of rows anomalies come from."""
    return list(contrasts.contrast(plpy, *arguments))


@reporting
def profile_data(plpy: Server, given: str | None) -> list[tuple[Any, ...]]:
    """Return what the columns of a source are like."""
    return list(profiling.profile(plpy, given))


@reporting
def suggest_detectors(plpy: Server, given: str | None) -> list[tuple[Any, ...]]:
    """Return which detectors suit a source."""
    return list(profiling.suggest(plpy, given))


@reporting
def check_drift(plpy: Server, *arguments: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - as `drift.drift`
    """Return how a source differs from what a model was trained on."""
    return list(drift.drift(plpy, *arguments))
