"""Scores a source for the commands detect and score."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from adsql.cli.failures import err, reading
from adsql.cli.notices import tell_columns, tell_scores
from adsql.cli.output import MAX_SHOWN_ROWS, Format, chosen_format, write
from adsql.cli.running import in_background, query, run
from adsql.engines import engine

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def score_rows(
    con: Any,  # noqa: ANN401 - the engine's own type
    values: Mapping[str, Any],
    output: Path | None,
    wanted: Format | None,
    *,
    only_anomalies: bool,
) -> None:
    """Score every row once, write the result, and tell on standard error how many are strange.

    Parameters
    ----------
    con
        An open connection with adsql's functions.
    values
        The arguments of `detect_anomalies`.
    output, wanted
        As for `write`.
    only_anomalies
        Leave the other rows out.
    """
    started = time.perf_counter()
    with reading(values["source"]):
        run(con, query("detect", con), values, "detecting anomalies")
    rows, anomalies, without = run(con, query("counts"), {}, "counting")[0]
    seconds = time.perf_counter() - started
    result = con.table("adsql_result")
    if only_anomalies:
        result = result.filter("is_anomaly")
    if chosen_format(output, wanted) is Format.TABLE:
        result = result.order("anomaly_score DESC NULLS LAST").limit(MAX_SHOWN_ROWS + 1)
    in_background(con, lambda: write(con, result, output, wanted), "writing")
    share = f" ({anomalies / rows:.2%})" if rows else ""
    unscored = f", {without:,} without a score" if without else ""
    where = f", written to {output}" if output else ""
    flagged = f"{anomalies:,} {'anomaly' if anomalies == 1 else 'anomalies'}"
    err.print(f"{rows:,} rows, {flagged}{share}{unscored} in {seconds:.1f} s{where}", soft_wrap=True)
    fitted = engine().last_fitted()
    if values["model"] is None and fitted is not None:
        tell_columns(fitted, values["source"])
    tell_scores(values, rows, anomalies, without)
