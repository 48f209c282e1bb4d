"""What the UDFs of reports return. Here, and not beside them: DuckDB is told before any of them is imported."""

from __future__ import annotations

from adsql_udfs.duckdb.function import Struct

OUTCOME = Struct({"score": "DOUBLE", "is_anomaly": "BOOLEAN"})
METRIC = Struct({"metric": "VARCHAR", "value": "DOUBLE", "lower": "DOUBLE", "upper": "DOUBLE"})
COMPARED = Struct({"model": "INTEGER", **METRIC.fields, "rank": "INTEGER", "p_value": "DOUBLE"})
THRESHOLD = Struct({
    "segment": "VARCHAR", "threshold": "DOUBLE", "flagged": "BIGINT", "share": "DOUBLE", "severity": "DOUBLE",
    "is_current": "BOOLEAN",
})  # fmt: skip
REASON = Struct({
    "feature": "VARCHAR", "value": "VARCHAR", "expected": "VARCHAR", "contribution": "DOUBLE", "rank": "INTEGER",
    "reason": "VARCHAR",
})  # fmt: skip
EXPLAINED = Struct({"row_key": "VARCHAR", "anomaly_score": "DOUBLE", "reasons": REASON})
SUGGESTED = Struct({
    "feature": "VARCHAR", "value": "VARCHAR", "suggested": "VARCHAR", "change": "DOUBLE", "status": "VARCHAR",
})  # fmt: skip
CONTRAST = Struct({
    "segment": "VARCHAR", "rows": "BIGINT", "anomalies": "BIGINT", "support": "DOUBLE", "lift": "DOUBLE",
    "p_value": "DOUBLE",
})  # fmt: skip
PROFILE = Struct({
    "column_name": "VARCHAR", "type": "VARCHAR", "rows": "BIGINT", "nulls": "BIGINT", "null_rate": "DOUBLE",
    "distinct_values": "BIGINT", "minimum": "VARCHAR", "q25": "VARCHAR", "median": "VARCHAR", "q75": "VARCHAR",
    "maximum": "VARCHAR", "outliers": "BIGINT", "findings": "VARCHAR[]", "suggested_use": "VARCHAR",
    "reason": "VARCHAR",
})  # fmt: skip
FENCE = Struct({"low": "DOUBLE", "high": "DOUBLE"})
DETECTOR = Struct({"rank": "INTEGER", "algorithm": "VARCHAR", "reason": "VARCHAR"})
DRIFT = Struct({
    "segment": "VARCHAR", "feature": "VARCHAR", "rows": "BIGINT", "null_rate": "DOUBLE", "expected_null_rate": "DOUBLE",
    "unseen": "DOUBLE", "psi": "DOUBLE", "test": "VARCHAR", "statistic": "DOUBLE", "p_value": "DOUBLE",
    "verdict": "VARCHAR",
})  # fmt: skip
STABILITY = Struct({
    "varied": "VARCHAR", "metric": "VARCHAR", "value": "DOUBLE", "lowest": "DOUBLE", "highest": "DOUBLE",
})  # fmt: skip
AGREEMENT = Struct({
    "algorithm": "VARCHAR", "other": "VARCHAR", "rank_correlation": "DOUBLE", "top_overlap": "DOUBLE",
    "flagged_overlap": "DOUBLE", "flagged": "BIGINT", "flagged_by_other": "BIGINT", "flagged_by_both": "BIGINT",
})  # fmt: skip
EFFECT = Struct({"metric": "VARCHAR", "before": "DOUBLE", "after": "DOUBLE"})
JUDGED = Struct({
    "expected_value": "DOUBLE", "lower_bound": "DOUBLE", "upper_bound": "DOUBLE", "anomaly_score": "DOUBLE",
    "severity": "DOUBLE", "is_anomaly": "BOOLEAN", "status": "VARCHAR", "asked": "BOOLEAN",
})  # fmt: skip
DETECTED = Struct({
    "points": JUDGED, "algorithm": "TINYINT[]", "algorithms": "VARCHAR[]", "season": "BIGINT[]", "shares": "DOUBLE[][]",
    "later": "VARCHAR[]",
})  # fmt: skip
CHANGE = Struct({
    "row": "BIGINT", "kind": "VARCHAR", "before": "DOUBLE", "after": "DOUBLE", "score": "DOUBLE",
    "confidence": "DOUBLE",
})  # fmt: skip
