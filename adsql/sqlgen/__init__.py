"""A trained model as plain SQL, for databases that adsql does not run in; the only room that knows sqlglot."""

from __future__ import annotations

from adsql.sqlgen.statement import detector_expression, model_sql, scaled_features, score_expression

__all__ = ["detector_expression", "model_sql", "scaled_features", "score_expression"]
