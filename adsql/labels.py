"""What people already know: a column that says which training rows are anomalies.

TRUE or 1 is an anomaly, FALSE or 0 is none, NULL is not known. Rows that are anomalies are kept out of training,
so that a detector learns what is normal from normal rows; then all labelled rows choose the threshold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from adsql.arrow import Kind, kind_of, to_float64
from adsql.errors import UnusableColumn
from adsql.wording import shown

if TYPE_CHECKING:
    import pyarrow as pa

    from adsql.arrow import Floats

_ALLOWED = "a column of booleans, or of the numbers 0 and 1; NULL where it is not known"


def label_values(name: str, column: pa.Array[Any], option: str = "label_column") -> Floats:
    """Return 1.0 for anomalies, 0.0 for normal rows, NaN where it is not known; shape (n,).

    Parameters
    ----------
    name, column
        The column.
    option
        The option that named it, for messages.

    Raises
    ------
    UnusableColumn
        For any other value.

    Examples
    --------
    >>> import pyarrow as pa
    >>> label_values("fraud", pa.array([True, None, False])).tolist()
    [1.0, nan, 0.0]
    """
    if kind_of(column.type) not in (Kind.NUMBER, Kind.MISSING):
        raise UnusableColumn(
            f"{option} {name!r} has type {column.type}",
            allowed=_ALLOWED,
            hint="make one in a SELECT: (status = 'fraud') AS is_fraud",
        )
    values = to_float64(column)
    other = values[~np.isin(values, (0.0, 1.0)) & ~np.isnan(values)]
    if other.size:
        raise UnusableColumn(f"{option} {name!r} has the value {shown(float(other[0]))}", allowed=_ALLOWED)
    return values


def best_threshold(scores: Floats, labels: Floats) -> float | None:
    """Return the threshold with the highest F1 on labelled rows, halfway to the next score below; O(n log n).

    Of equal ones, the highest counts: it flags the fewest rows. None if there are not both anomalies and
    normal rows, so that there is nothing to choose by.

    Examples
    --------
    >>> import numpy as np
    >>> best_threshold(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 0.0, 1.0, 1.0]))
    2.5
    """
    known = ~np.isnan(labels)
    anomalies = labels[known] == 1.0
    if anomalies.all() or not anomalies.any():
        return None
    order = np.argsort(-scores[known], kind="stable")
    ordered, hits = scores[known][order], np.cumsum(anomalies[order])
    last = np.flatnonzero(np.append(ordered[1:] < ordered[:-1], True))  # rows of one score are flagged together
    f1 = 2.0 * hits[last] / (last + 1 + anomalies.sum())
    chosen = last[int(f1.argmax())]
    inside = float(ordered[chosen])
    if chosen + 1 == len(ordered):
        return float(np.nextafter(inside, -np.inf))
    outside = float(ordered[chosen + 1])
    # Between neighbouring floats, halfway rounds to either; the threshold must stay below the score inside.
    return min(outside + (inside - outside) / 2.0, float(np.nextafter(inside, outside)))
