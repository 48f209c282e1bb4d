"""The UDFs of reports and of series; see `functions` for what holds for all UDFs.

They look at whole sources, or are called for a few rows, and each is imported with its first call.
"""

from __future__ import annotations

from adsql_udfs.duckdb import results
from adsql_udfs.duckdb.function import Function, deferred, deferred_plan
from adsql_udfs.duckdb.training import RECORD

FUNCTIONS = (
    # How good models are, and why they say what they say.
    deferred_plan("plan_evaluate", "evaluation.plan_evaluate"),
    deferred_plan("plan_compare", "evaluation.plan_compare"),
    deferred_plan("plan_thresholds", "evaluation.plan_thresholds"),
    Function(deferred("outcome", "evaluation.outcome"), results.OUTCOME.sql),
    Function(deferred("label", "evaluation.label"), "DOUBLE"),
    Function(deferred("evaluate", "evaluation.evaluate"), f"{results.METRIC.sql}[]", changes=True),
    Function(deferred("compare", "evaluation.compare"), f"{results.COMPARED.sql}[]", changes=True),
    Function(deferred("thresholds", "evaluation.thresholds"), f"{results.THRESHOLD.sql}[]", changes=True),
    deferred_plan("plan_explain", "explanation.plan_explain"),
    Function(deferred("explain_row", "explanation.explain_row"), results.EXPLAINED.sql, changes=True),
    Function(deferred("explain_anomaly", "row_reports.explain_anomaly"), f"{results.REASON.sql}[]"),
    Function(deferred("suggest_normal", "row_reports.suggest_normal"), f"{results.SUGGESTED.sql}[]"),
    Function(
        deferred("consensus", "row_reports.consensus"),
        "STRUCT(consensus DOUBLE, disagreement DOUBLE, members MAP(VARCHAR, DOUBLE))",
    ),
    deferred_plan("plan_contrast", "contrasts.plan_contrast"),
    Function(deferred("contrast", "contrasts.contrast"), f"{results.CONTRAST.sql}[]", changes=True),
    # Sources before training and after it, and detectors without labels.
    deferred_plan("plan_profile", "profiling.plan_profile"),
    deferred_plan("plan_suggest", "profiling.plan_suggest"),
    Function(deferred("fences", "profiling.fences"), f"MAP(VARCHAR, {results.FENCE.sql})", changes=True),
    Function(deferred("outside", "profiling.outside"), "BOOLEAN"),
    Function(deferred("profile", "profiling.profile"), f"{results.PROFILE.sql}[]", changes=True),
    Function(deferred("suggest", "profiling.suggest"), f"{results.DETECTOR.sql}[]", changes=True),
    deferred_plan("plan_drift", "drift.plan_drift"),
    Function(deferred("drift", "drift.drift"), f"{results.DRIFT.sql}[]", changes=True),
    deferred_plan("plan_stability", "reliability.plan_stability"),
    deferred_plan("plan_agreement", "reliability.plan_agreement"),
    Function(deferred("model_stability", "reliability.model_stability"), f"{results.STABILITY.sql}[]", changes=True),
    Function(
        deferred("detector_agreement", "reliability.detector_agreement"), f"{results.AGREEMENT.sql}[]", changes=True
    ),
    # Verdicts.
    deferred_plan("plan_preview_feedback", "feedback.plan_preview"),
    deferred_plan("plan_apply_feedback", "feedback.plan_apply"),
    Function(deferred("give_feedback", "feedback.give_feedback"), "VARCHAR", changes=True),
    Function(deferred("feedback_record", "feedback.feedback_record"), RECORD.sql, changes=True),
    Function(deferred("feedback_effects", "feedback.feedback_effects"), f"{results.EFFECT.sql}[]", changes=True),
    # Series.
    deferred_plan("plan_series", "series_plans.detect_series"),
    deferred_plan("plan_incidents", "series_plans.incidents"),
    Function(deferred("judge_series", "series.judge"), results.DETECTED.sql, changes=True),
    deferred_plan("plan_changes", "series_changes.plan"),
    Function(deferred("change_points", "series_changes.find"), f"{results.CHANGE.sql}[]", changes=True),
    deferred_plan("plan_backtest", "series_backtest.plan"),
    deferred_plan("plan_train_series", "series_models.plan_train"),
    deferred_plan("plan_score_series", "series_models.plan_score"),
    Function(deferred("fit_series", "series_models.fit"), "BLOB", changes=True),
    Function(deferred("series_record", "series_models.record"), RECORD.sql, changes=True),
    Function(deferred("score_series", "series_models.score"), results.JUDGED.sql, changes=True),
)
