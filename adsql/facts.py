"""What there is to know about a model, as rows for `model_info`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from adsql import registry
from adsql.abilities import Describes
from adsql.segment_keys import key_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adsql.model import Model
    from adsql.segment import Segment


class Fact(NamedTuple):
    """One thing to know about a model; `segment` is None for what holds for all of it."""

    section: str
    name: str
    value: str
    segment: str | None = None


def facts(model: Model) -> list[Fact]:
    """Return what there is to know: about the model, then about each segment.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from adsql.model import Model
    >>> from adsql.options import TrainingOptions
    >>> model = Model.fit({"x": pa.array([i / 7 for i in range(99)])}, TrainingOptions.parse("iforest"))
    >>> [(fact.name, fact.value) for fact in facts(model) if fact.section == "fitted"]
    [('trees', '100')]
    """
    spec = registry.find(model.algorithm).spec
    found = [
        Fact("model", "algorithm", model.algorithm),
        Fact("model", "summary", spec.summary),
        Fact("model", "anomaly_score", spec.score),
        Fact("model", "threshold_policy", model.threshold_policy),
        Fact("model", "seed", str(model.seed)),
        Fact("model", "content_hash", model.content_hash),
        *([] if model.label_column is None else [Fact("model", "label_column", model.label_column)]),
        *(
            []
            if model.segment_shrinkage is None
            else [Fact("model", "segment_shrinkage", f"{model.segment_shrinkage:g}")]
        ),
        *_of_cap(model),
        *(Fact("parameter", name, str(value)) for name, value in model.params.items()),
    ]
    for key, segment in model.segments.items():
        found += _of_segment(segment, key_text(key) if model.segment_by else None)
    found += [Fact("no model", "reason", reason, key_text(key)) for key, reason in model.skipped.items()]
    return found


def _of_cap(model: Model) -> Iterator[Fact]:
    if model.alert_cap is not None:
        yield Fact("model", "alert_budget", str(model.alert_cap.most))
        yield Fact("model", "alert_day", model.alert_cap.column)


def _of_segment(segment: Segment, name: str | None) -> Iterator[Fact]:
    yield Fact("model", "threshold", f"{segment.threshold:.9g}", name)
    yield Fact("model", "n_rows", str(segment.n_rows), name)
    yield Fact("model", "n_fit_rows", str(segment.n_fit_rows), name)
    if isinstance(segment.detector, Describes):
        yield from (Fact("fitted", what, value, name) for what, value in segment.detector.description().items())
    yield from (Fact("feature", f.name, f.description(), name) for f in segment.features.features)
    yield from (Fact("left out", item.column, item.reason, name) for item in segment.features.left_out)
