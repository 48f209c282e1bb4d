"""What stands above a series."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from adsql.plot.series import PlottedSeries


def headline(series: PlottedSeries) -> str:
    """Return the name of a series and how much of it is strange.

    >>> import pyarrow as pa
    >>> from adsql.plot.series import read
    >>> table = pa.table({"series": ["a"], "ts": [1], "value": [5.0], "anomaly_score": [9.0], "is_anomaly": [True]})
    >>> headline(read(table)[0])
    'a: 1 of 1 point anomalous'
    """
    n, strange = len(series.times), int(series.is_anomaly.sum())
    points = f"{n:,} point{'' if n == 1 else 's'}"
    text = f"{strange:,} of {points} anomalous" if strange else f"no anomaly in {points}"
    silent = int((~np.isfinite(series.score)).sum())
    judged = f", {silent:,} not judged" if silent else ""
    return f"{series.name}: {text}{judged}" if series.name else f"{text}{judged}"
