"""A page of HTML by plotly, to zoom and to point at; all it needs is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from adsql.plot.colours import ANOMALY, BAND, EXPECTED, INCIDENT, SCORE, VALUE
from adsql.plot.scale import extent, thinned
from adsql.plot.words import headline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adsql.plot.series import PlottedSeries

_PANEL, _STRIP, _BETWEEN, _AROUND = 300, 110, 60, 130  # pixels
_NUMBER = ".6g"


def page(series: Sequence[PlottedSeries], title: str = "") -> str:
    """Return a page that shows series, and needs no network.

    Parameters
    ----------
    series
        One a panel; of more than 20,000 points those are shown that the eye would see.
    title
        Above all of them.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from adsql.plot.series import read
    >>> table = pa.table({"series": [None], "ts": [1], "value": [5.0], "anomaly_score": [0.0], "is_anomaly": [False]})
    >>> "<html>" in page(read(table))
    True
    """
    heights, titles = [], []
    for each in series:
        heights += [_PANEL] if each.has_bounds else [_PANEL, _STRIP]
        titles += [_escaped(headline(each))] if each.has_bounds else [_escaped(headline(each)), "score"]
    total = sum(heights) + _AROUND
    figure = make_subplots(
        len(heights),
        1,
        row_heights=heights,
        subplot_titles=titles,
        vertical_spacing=min(60 / total, 0.9 / len(heights)),
    )
    row = 1
    for number, each in enumerate(series):
        _draw(figure, each, row, legend=number == 0)
        row += 1
        if not each.has_bounds:
            _draw_scores(figure, each, row)
            row += 1
    figure.update_layout(
        title={"text": _escaped(title), "x": 0.01}, height=total, template="plotly_white", hovermode="x unified",
        legend={"orientation": "h", "x": 1.0, "xanchor": "right", "y": 1.0, "yanchor": "bottom", "yref": "container"},
        margin={"l": 60, "r": 30, "t": 90, "b": 40}, font={"family": "sans-serif", "size": 13},
    )  # fmt: skip
    figure.update_annotations(x=0.0, xanchor="left", font={"size": 13})
    page: str = figure.to_html(include_plotlyjs=True, full_html=True, config={"displaylogo": False})
    return page


def _draw(figure: Any, series: PlottedSeries, row: int, *, legend: bool) -> None:  # noqa: ANN401 - plotly has no types
    kept = thinned(series.value, series.is_anomaly)
    times = _shown_times(series.times[kept])
    limits = extent(series)

    def line(values: NDArray[Any], name: str, **how: Any) -> None:  # noqa: ANN401 - plotly's own options
        numbers = np.where(np.isfinite(values), values, np.nan)
        options: dict[str, Any] = {"mode": "lines", "legendgroup": name, "showlegend": legend, "name": name} | how
        figure.add_trace(go.Scatter(x=times, y=numbers, yhoverformat=_NUMBER, **options), row=row, col=1)

    if series.has_bounds:
        known = np.isfinite(series.expected[kept])
        lower, upper = series.lower[kept], series.upper[kept]
        line(np.where(np.isnan(lower) & known, limits[0], lower), "from", line={"width": 0}, showlegend=False)
        line(
            np.where(np.isnan(upper) & known, limits[1], upper), "normal range", line={"width": 0}, fill="tonexty",
            fillcolor=BAND,
        )  # fmt: skip
        line(series.expected[kept], "expected", line={"color": EXPECTED, "width": 1})
    line(series.value[kept], "value", line={"color": VALUE, "width": 1.3})
    strange = np.where(series.is_anomaly[kept], series.value[kept], np.nan)
    if np.isfinite(strange).any():
        line(
            strange,
            "anomaly",
            mode="markers",
            marker={"color": ANOMALY, "size": 8, "line": {"color": "white", "width": 1}},
        )
    _shade(figure, series, row)
    figure.update_yaxes(range=list(limits), row=row, col=1)


def _draw_scores(figure: Any, series: PlottedSeries, row: int) -> None:  # noqa: ANN401 - as above
    kept = thinned(series.score, series.is_anomaly)
    times = _shown_times(series.times[kept])
    figure.add_trace(
        go.Scatter(x=times, y=series.score[kept], name="score", line={"color": SCORE, "width": 1}, showlegend=False),
        row=row, col=1,
    )  # fmt: skip
    _shade(figure, series, row)
    axis = figure.layout[f"xaxis{row - 1 if row > 2 else ''}"]  # noqa: PLR2004 - the first axis has no number
    figure.update_xaxes(matches=axis.anchor.replace("y", "x"), row=row, col=1)


def _shade(figure: Any, series: PlottedSeries, row: int) -> None:  # noqa: ANN401 - as above
    for incident in series.incidents:
        start, end = _shown_times(np.array([incident.start, incident.end])).tolist()
        figure.add_vrect(
            start, end, fillcolor=INCIDENT, line={"color": INCIDENT, "width": 1}, layer="below", row=row, col=1
        )


def _shown_times(times: NDArray[Any]) -> NDArray[Any]:
    """Return times as plotly reads them: text, which knows no time zone."""
    return np.datetime_as_string(times) if times.dtype.kind == "M" else times


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
