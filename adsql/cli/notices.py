"""What is worth knowing beside the result: on standard error, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adsql.cli.failures import err, is_file, reader_hint
from adsql.wording import listing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adsql.model import Model

_REMARK = "most look like "  # as `adsql.encodings.looks` says it


def tell_columns(model: Model, source: str) -> None:
    """Tell which columns a model uses, which it leaves out and why, and which were perhaps read wrongly."""
    segments = model.segments.values()
    used = {feature.column: feature.description() for segment in segments for feature in segment.features.features}
    left_out = {item.column: item.reason for segment in segments for item in segment.features.left_out}
    unused = [f"{name} ({reason})" for name, reason in left_out.items() if name not in used]
    _tell(f"columns used: {listing(used)}")
    if unused:
        _tell(f"columns left out: {listing(unused, separator='; ')}")
    for what, option in (("numbers", "decimal_separator=','"), ("dates", "dateformat='%d.%m.%Y'")):
        texts = [name for name, about in {**left_out, **used}.items() if about.endswith(_REMARK + what)]
        if texts:
            remedy = f", or tell how the file is read, such as {reader_hint(source, option)}" if is_file(source) else ""
            _tell(
                f"hint: most values of {listing(texts)} are text that looks like {what}: cast them in a SELECT{remedy}"
            )


def tell_scores(values: Mapping[str, Any], rows: int, anomalies: int, without: int) -> None:
    """Tell what is odd about scores: none at all, or none flagged though some were asked for.

    Parameters
    ----------
    values
        The arguments of `detect_anomalies`.
    rows, anomalies, without
        How many rows there are, are flagged, and have no score.
    """
    if rows and without == rows:
        _tell("warning: no row has a score: the columns of the model are NULL, or its segments are others")
    elif rows and not anomalies and (values["contamination"] is not None or values["alert_budget"] is not None):
        _tell(
            "notice: nothing is flagged: more rows than asked for share the highest score, and ties are not told apart"
        )


def _tell(text: str) -> None:
    err.print(text, soft_wrap=True)
