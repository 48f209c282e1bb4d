"""A trained model as plain SQL, for databases that adsql does not run in; the only room that knows sqlglot."""

from __future__ import annotations

from adsql.sqlgen.compiled import Formula, formula
from adsql.sqlgen.statement import detector_expression, model_sql, scaled_features, score_expression

__all__ = ["Formula", "detector_expression", "formula", "model_sql", "scaled_features", "score_expression"]
