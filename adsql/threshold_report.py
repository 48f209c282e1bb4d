"""What each threshold would flag, so that one can be chosen by how many alerts there may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from adsql.segment_keys import key_text
from adsql.threshold import above_at_most

if TYPE_CHECKING:
    import pyarrow as pa

    from adsql.arrow import Floats
    from adsql.model import Model
    from adsql.segment import Segment


class Threshold(NamedTuple):
    """What a threshold flags.

    Parameters
    ----------
    segment
        The segment it is for; None in a model of one.
    threshold
        On the detector's own scale: what `train_model` takes as `threshold`.
    flagged, share
        The rows with a higher score, and their share of the segment's rows that have one.
    severity
        The severity of a row at the threshold.
    is_current
        Whether it is the model's own.
    """

    segment: str | None
    threshold: float
    flagged: int
    share: float
    severity: float
    is_current: bool


def threshold_report(model: Model, keys: pa.Array[Any], scores: Floats) -> list[Threshold]:
    """Return what thresholds would flag of n rows: the model's own, and those for 0, 1, 2, 5, 10, 20, ... rows.

    Up to half of the rows. Rows of one score are flagged together, so that a number may be missing, or replaced by
    the next lower one that is possible.

    Parameters
    ----------
    model
        The model.
    keys
        The segment of each row, as `Model.keys` returns them.
    scores
        Their scores; NaN for rows that have none, which count for nothing.

    Returns
    -------
    list of Threshold
        Segment by segment, the highest threshold first; O(n log n).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from adsql.model import Model
    >>> from adsql.options import TrainingOptions
    >>> table = {"x": pa.array([*range(1000)] + [9000, 9500])}
    >>> model = Model.fit(table, TrainingOptions.parse("mad", columns="x", contamination=0.002))
    >>> report = threshold_report(model, model.keys(table), model.score(table).anomaly_score)
    >>> [(line.flagged, line.is_current) for line in report[:3]]
    [(0, False), (1, False), (2, True)]
    """
    encoded = keys.dictionary_encode()
    codes, names = encoded.indices.to_numpy(), encoded.dictionary.to_pylist()
    result = []
    for code in sorted(range(len(names)), key=lambda code: str(names[code])):
        key = str(names[code])
        own = scores[codes == code]
        own = own[~np.isnan(own)]
        if key in model.segments and len(own):
            result += _of_segment(model.segments[key], key_text(key) if model.segment_by else None, own)
    return result


def _of_segment(segment: Segment, name: str | None, scores: Floats) -> list[Threshold]:
    ordered = np.sort(scores)
    by_count: dict[int, float] = {}
    for count in _counts(len(ordered)):
        threshold = above_at_most(ordered, count)
        by_count.setdefault(_flagged(ordered, threshold), threshold)
    thresholds = np.unique([*by_count.values(), segment.threshold])[::-1]
    severities = segment.calibration.severity(thresholds)
    lines = []
    for threshold, severity in zip(thresholds.tolist(), severities.tolist(), strict=True):
        flagged = _flagged(ordered, threshold)
        lines.append(
            Threshold(name, threshold, flagged, flagged / len(ordered), severity, threshold == segment.threshold)
        )
    return lines


def _flagged(ordered: Floats, threshold: float) -> int:
    return len(ordered) - int(np.searchsorted(ordered, threshold, "right"))


def _counts(n: int) -> list[int]:
    steps = (digit * 10**power for power in range(len(str(n))) for digit in (1, 2, 5))
    return [0, *(count for count in steps if count <= n // 2)]
