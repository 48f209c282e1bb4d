"""The demonstration: five known events in New York, found in the counts of taxi passengers alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from adsql.cli.failures import err
from adsql.cli.output import show
from adsql.cli.running import query, run
from adsql.datasets import path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SHOWN = 12
PICTURE = "taxi_days.png"


def run_demo(con: Any, folder: Path) -> None:  # noqa: ANN401 - the engine's own type
    """Run the demonstration's SQL, print what was found and draw it.

    Parameters
    ----------
    con
        A connection with adsql's functions.
    folder
        Where the picture is written; created if need be.
    """
    taxi, events = path("nyc_taxi.csv"), path("nyc_taxi_events.csv")
    err.print(Text.assemble(("1. A table", "bold"), f": one row a day, from {taxi.name} (10,320 half hours)"))
    run(con, query("taxi_days"), {"taxi": str(taxi)}, "reading")
    err.print(Text.assemble(("2. One SQL call", "bold"), ": detect_anomalies('taxi_days', contamination => 0.03)"))
    rows = run(con, query("taxi_strange"), {"events": str(events)}, "detecting")
    names = ["day", "weekday", "passengers", "anomaly_score", "severity", "is_anomaly", "known_event"]
    show(names, rows[:SHOWN])
    flagged = [row for row in rows if row[5]]
    found = {row[6] for row in flagged if row[6]}
    known = int(run(con, "SELECT count(*) FROM read_csv($events)", {"events": str(events)}, "counting")[0][0])
    err.print(
        f"{len(flagged)} days flagged, {sum(row[6] is not None for row in flagged)} of them known; "
        f"{len(found)} of {known} known events found"
    )
    picture = folder / PICTURE
    if _draw(rows, picture):
        err.print(Text.assemble(("3. A picture", "bold"), f": {picture}"))


def _draw(rows: Sequence[Sequence[Any]], file: Path) -> bool:
    """Draw passengers a day, with the flagged days and the known events; return whether it could be drawn."""
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - an optional dependency
    except ModuleNotFoundError:
        err.print("no picture: matplotlib is not installed (pip install 'adsql[plot]')")
        return False
    rows = sorted(rows, key=lambda row: row[0])
    figure = Figure(figsize=(12, 6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
    days, passengers, scores = ([row[index] for row in rows] for index in (0, 2, 3))
    above.plot(days, [count / 1e3 for count in passengers], color="0.55", linewidth=1)
    below.vlines(days, 0, scores, color="0.55", linewidth=1)
    flagged = [row for row in rows if row[5]]
    above.plot(
        [row[0] for row in flagged], [row[2] / 1e3 for row in flagged], "o", color="crimson", label="found by adsql"
    )
    below.vlines([row[0] for row in flagged], 0, [row[3] for row in flagged], color="crimson", linewidth=2)
    _mark_events(above, below, rows)
    above.set_ylabel("passengers a day (thousands)")
    below.set_ylabel("anomaly_score")
    above.set_title("New York taxis: the days that adsql found strange, and what is known to have happened", loc="left")
    above.legend(loc="lower left", frameon=False)
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=120)
    return True


def _mark_events(above: Any, below: Any, rows: Sequence[Sequence[Any]]) -> None:  # noqa: ANN401 - matplotlib's axes
    events: dict[str, list[Any]] = {}
    for row in rows:
        if row[6]:
            events.setdefault(row[6], []).append(row[0])
    for number, (event, days) in enumerate(events.items()):
        for axes in (above, below):
            axes.axvspan(
                min(days), max(days), color="tab:blue", alpha=0.25, label="known event" if number == 0 else None
            )
        above.annotate(
            event, (min(days), 1.0 - 0.06 * number), xycoords=("data", "axes fraction"), fontsize=9,
            ha="right", va="top", color="tab:blue", xytext=(-4, 0), textcoords="offset points",
        )  # fmt: skip
