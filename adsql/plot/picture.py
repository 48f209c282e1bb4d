"""A picture by matplotlib: a panel a series, and below it the scores where nothing was expected."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from adsql.plot.colours import ANOMALY, BAND, EXPECTED, INCIDENT, SCORE, VALUE
from adsql.plot.scale import extent
from adsql.plot.words import headline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from adsql.plot.series import PlottedSeries

_WIDTH, _PANEL, _STRIP, _TITLE = 12.0, 3.0, 1.1, 0.7  # inches
_DOTS = 130  # an inch
_THIN, _THICK = 0.6, 1.1  # points of type
_MANY = 3_000  # points, from which on lines are thin
_DOTTED = 80  # anomalies, up to which each is a dot of its own
_FEW = 400  # points, up to which each is marked


def picture(series: Sequence[PlottedSeries], title: str = "", form: str = "png") -> bytes:
    """Return a picture of series as the bytes of a file.

    Parameters
    ----------
    series
        One a panel.
    title
        Above all of them.
    form
        png or svg.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from adsql.plot.series import read
    >>> table = pa.table({"series": [None], "ts": [1], "value": [5.0], "anomaly_score": [0.0], "is_anomaly": [False]})
    >>> picture(read(table))[1:4]
    b'PNG'
    """
    heights = [height for each in series for height in ([_PANEL] if each.has_bounds else [_PANEL, _STRIP])]
    figure = Figure(figsize=(_WIDTH, sum(heights) + _TITLE), layout="constrained")
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=14, fontweight="bold")
    panels = iter(figure.subplots(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0])
    for each in series:
        panel = next(panels)
        _draw(panel, each)
        if not each.has_bounds:
            _draw_scores(next(panels), panel, each)
    _legend(figure, series)
    out = io.BytesIO()
    # Without the time of day in it, equal series make equal files.
    figure.savefig(out, format=form, dpi=_DOTS, metadata={"Date": None} if form == "svg" else None)
    return out.getvalue()


def _draw(panel: Axes, series: PlottedSeries) -> None:
    times: Any = series.times
    width = _THIN if len(times) > _MANY else _THICK
    _shade(panel, series)
    if series.has_bounds:
        limits = extent(series)
        lower = np.where(np.isnan(series.lower) & np.isfinite(series.expected), limits[0], series.lower)
        upper = np.where(np.isnan(series.upper) & np.isfinite(series.expected), limits[1], series.upper)
        panel.fill_between(times, lower, upper, color=BAND, linewidth=0, label="normal range")
        panel.plot(times, series.expected, color=EXPECTED, linewidth=0.8 * width, label="expected")
    dots = "." if len(times) <= _FEW else ""
    panel.plot(times, series.value, color=VALUE, linewidth=width, marker=dots, markersize=3, label="value")
    _mark(panel, series)
    panel.set_ylim(extent(series))
    panel.set_title(headline(series), loc="left", fontsize=10.5)
    _plain(panel, series)


def _mark(panel: Axes, series: PlottedSeries) -> None:
    """Mark anomalies by dots, and those that follow one another by a line as well, which many dots would hide."""
    times: Any = series.times
    strange = series.is_anomaly
    many = int(strange.sum()) > _DOTTED
    if many:
        panel.plot(times, np.where(strange, series.value, np.nan), color=ANOMALY, linewidth=2.0, zorder=4)
    panel.plot(
        times[strange], series.value[strange], "o", color=ANOMALY, markersize=2.5 if many else 5.5,
        markeredgecolor=ANOMALY if many else "white", markeredgewidth=0.6, label="anomaly", zorder=5,
    )  # fmt: skip


def _draw_scores(strip: Axes, panel: Axes, series: PlottedSeries) -> None:
    times: Any = series.times
    strip.sharex(panel)
    panel.tick_params(labelbottom=False)
    panel.xaxis.get_offset_text().set_visible(False)
    _shade(strip, series)
    strip.plot(times, series.score, color=SCORE, linewidth=0.9, label="anomaly score")
    strip.fill_between(times, 0.0, np.where(series.is_anomaly, series.score, np.nan), color=ANOMALY, linewidth=0)
    strip.set_ylabel("score", fontsize=9)
    strip.set_ylim(bottom=min(0.0, float(np.nanmin(series.score, initial=0.0))))
    _plain(strip, series)


def _shade(panel: Axes, series: PlottedSeries) -> None:
    for number, incident in enumerate(series.incidents):
        label = "incident" if number == 0 else None
        panel.axvspan(incident.start, incident.end, color=INCIDENT, linewidth=1.0, label=label, zorder=0)


def _plain(panel: Axes, series: PlottedSeries) -> None:
    panel.spines[["top", "right"]].set_visible(False)
    panel.spines[["left", "bottom"]].set_color("0.7")
    panel.tick_params(colors="0.3", labelsize=9)
    panel.grid(axis="y", color="0.92", linewidth=0.8)
    panel.set_axisbelow(True)
    panel.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    panel.margins(x=0.01)
    if series.times.dtype.kind == "M":
        locator = AutoDateLocator()  # type: ignore[no-untyped-call] # matplotlib's
        panel.xaxis.set_major_locator(locator)
        panel.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call] # as above


def _legend(figure: Figure, series: Sequence[PlottedSeries]) -> None:
    found: dict[str, Any] = {}
    for panel in figure.axes:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    if not any(each.is_anomaly.any() for each in series):
        found.pop("anomaly", None)
    figure.legend(
        list(found.values()), list(found), loc="outside lower right", ncols=len(found), frameon=False, fontsize=9
    )
