"""Which detectors suit a table, by what can be measured of a sample of it before anything is trained."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from adsql.features import FeatureSpec
from adsql.profiling import check_rows, to_ranks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adsql.arrow import Columns, Floats

_CORRELATED = 0.5
_ROWS_PER_FEATURE = 10  # for a matrix of covariances to mean anything
_WIDE = 20  # features, more than which tell rows apart by distance ever less
_LARGE = 1_000_000
_MOST_COMPARED = 50


class Suggestion(NamedTuple):
    """A detector that suits a table, best first, and why."""

    rank: int
    algorithm: str
    reason: str


def suggest_detectors(sample: Columns, n_rows: int) -> list[Suggestion]:
    """Return detectors that suit a table.

    They are where to begin: which of them finds the anomalies that matter, `compare_models` tells where labels are
    known. O(n d^2) for n rows of the sample and d features, 50 at most.

    Parameters
    ----------
    sample
        Rows of a source, columns by name.
    n_rows
        How many rows the source has.

    Raises
    ------
    EmptySource, NoUsableColumn
        If there is nothing to learn from.

    Examples
    --------
    >>> import pyarrow as pa
    >>> [found.algorithm for found in suggest_detectors({"x": pa.array([i**0.5 for i in range(50)])}, 50)]
    ['auto', 'mad']
    """
    check_rows(sample)
    features = FeatureSpec.fit(sample, None, n_rows)
    X, _ = features.transform(features.select(sample))
    names = [feature.column for feature in features.features]
    default = ("auto", "the default, on any table: how far the nearest rows of a sample are")
    return [Suggestion(rank, *one) for rank, one in enumerate([default, *_fitting(X, names, n_rows)], 1)]


def _fitting(X: Floats, names: list[str], n_rows: int) -> Iterator[tuple[str, str]]:
    n, d = X.shape
    if d == 1:
        yield "mad", f"one feature, {names[0]}: its distance from the median"
        return
    strongest, one, other = _correlation(X, names)
    if strongest >= _CORRELATED and n >= _ROWS_PER_FEATURE * d:
        yield "mcd", f"{one} and {other} go together (rank correlation {strongest:.2f}): it finds where they do not"
    if d > _WIDE:
        yield "iforest", f"{d} features: it looks at few at a time, where distances say less and less"
    if n_rows >= _LARGE:
        yield "hbos", f"{n_rows:,} rows: it is among the fastest, and runs as plain SQL"
    yield "ecod", f"{d} features, each judged by its own tails, without parameters: the easiest to explain"


def _correlation(X: Floats, names: list[str]) -> tuple[float, str, str]:
    """Return the strongest rank correlation of features of two columns, and those columns."""
    compared = X[:, :_MOST_COMPARED]
    ranks = np.column_stack([to_ranks(pa.array(np.ascontiguousarray(column))) for column in compared.T])
    spread = ranks.std(axis=0)
    standard = np.divide(ranks - ranks.mean(axis=0), spread, out=np.zeros_like(ranks), where=spread > 0)
    found = np.abs(standard.T @ standard) / len(ranks)
    pairs = ((i, j) for i, j in combinations(range(len(found)), 2) if names[i] != names[j])
    return max(((float(found[i, j]), names[i], names[j]) for i, j in pairs), default=(0.0, "", ""))
