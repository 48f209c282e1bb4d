"""What there is to know about a model of series, as rows for `model_info`."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

from adsql.facts import Fact
from adsql.segment_keys import key_text
from adsql.series.columns import NUMBER

if TYPE_CHECKING:
    from adsql.series.model import SeriesModel


_FARTHEST = 2.0**63  # microseconds: no two times lie farther apart, whatever a damaged model says


def facts(model: SeriesModel) -> list[Fact]:
    """Return what there is to know: about the model, then about each series."""
    spec = model.options.algorithm.spec
    found = [
        Fact("model", "algorithm", spec.name),
        Fact("model", "summary", spec.summary),
        Fact("model", "anomaly_score", spec.score),
        Fact("model", "threshold_policy", model.threshold_policy),
        Fact("model", "threshold", f"{model.threshold:.9g}"),
        Fact("model", "n_rows", str(model.n_rows)),
        Fact("model", "seed", str(model.seed)),
        Fact("model", "content_hash", model.content_hash),
        Fact("column", "time", model.columns.time),
        Fact("column", "value", model.columns.values[0]),
        *(Fact("column", "series", name) for name in model.columns.series),
        *(Fact("parameter", name, str(value)) for name, value in model.params.items()),
    ]
    kept = model.forecasts
    for place, key in enumerate(model.keys):
        name = key_text(key) if model.columns.series else None
        seasons = [str(period) for period in kept.periods[place].tolist() if period > 1]
        found += [
            Fact("series", "points", str(kept.clock[place]), name),
            Fact("series", "until", _time_text(model, place), name),
            Fact("series", "step", _step_text(model, place), name),
            Fact("series", "seasons", ", ".join(seasons) or "none", name),
            Fact("series", "reaches", f"{kept.reach[place]} points ahead", name),
        ]
        if model.holidays is not None:
            found.append(Fact("series", "holidays", f"{model.holidays.counts[place]} within reach", name))
    return found + [Fact("no model", "reason", reason, key_text(key)) for key, reason in model.skipped.items()]


def _step_text(model: SeriesModel, place: int) -> str:
    """Return the usual distance of two points, the series' frequency."""
    step = min(float(model.step[place]), _FARTHEST)
    return f"{step:g}" if model.time_kind == NUMBER else str(dt.timedelta(microseconds=step))


def _time_text(model: SeriesModel, place: int) -> str:
    last = int(model.last[place])
    return str(last) if model.time_kind == NUMBER else str(np.datetime64(last, "us"))
