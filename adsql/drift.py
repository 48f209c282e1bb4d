"""Whether rows are still like those that a model was trained on, column by column.

Each thing that the model sees of a column is compared with what the model keeps of its training rows, both as samples:

* numbers by the two-sample Kolmogorov-Smirnov test, at the quantiles that are kept. The difference there is at most the
  whole one, and ties make it smaller, so that its p-value errs towards no drift;
* categories by the chi-squared statistic, whose p-value is the share of random divisions of all rows, old and new, that
  differ as much: exact for samples of any size, never below a ten-thousandth;
* missing values by Fisher's exact test.

A feature's p-value is twice the smaller one where there are two; Holm's correction makes those of all features hold
together. So where rows come from where the training rows came from, one after another at random, at most one call in
twenty tells of drift. How large a drift is, tells the population stability index.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from adsql.errors import empty_source
from adsql.hypergeometric import at_least
from adsql.reference import Categories, Numbers, counts_of, observed, required
from adsql.segment_keys import key_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from adsql.arrow import Columns, Floats
    from adsql.model import Model
    from adsql.reference import Observed
    from adsql.segment import Segment

LEVEL = 0.05
SMALL, MODERATE = 0.1, 0.25  # of the population stability index, as it is read in credit scoring
_DIVISIONS = 9_999
_PER_FEATURE = 40  # divisions, for the smallest p-value to survive the correction for so many features
_MOST_BINS = 50
_PSI_BINS = 10
_SEED = 0


class Drift(NamedTuple):
    """How one thing that a model sees of a column differs from the training.

    Parameters
    ----------
    segment
        The segment; None for a model of one.
    feature
        The column, with what is looked at behind a colon where that is not its value.
    rows
        Rows that were looked at.
    null_rate, expected_null_rate
        The share of missing values, now and in the training.
    unseen
        The share of rows with a category that the training did not have, or beyond the range of its numbers.
    psi
        The population stability index.
    test, statistic
        'ks' or 'chi2', and its statistic; None where there are no values to compare.
    p_value
        Corrected for all features; None for what is not tested.
    verdict
        'stable', or 'small', 'moderate' or 'large' drift; 'new segments' for rows of segments that the model lacks.
    """

    segment: str | None
    feature: str
    rows: int
    null_rate: float
    expected_null_rate: float
    unseen: float
    psi: float | None
    test: str | None
    statistic: float | None
    p_value: float | None
    verdict: str


def check_drift(model: Model, table: Columns) -> list[Drift]:
    """Compare rows with those that a model was trained on.

    Parameters
    ----------
    model
        The model.
    table
        A sample of rows, columns by name.

    Raises
    ------
    EmptySource
        If there are no rows.
    NoReference
        If the model was stored before it kept what its training rows were like.
    MissingColumn, ColumnTypeChanged
        If the columns do not fit the model.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from adsql.model import Model
    >>> from adsql.options import TrainingOptions
    >>> rows = {"x": pa.array([i**0.5 for i in range(500)])}
    >>> model = Model.fit(rows, TrainingOptions.parse("mad"))
    >>> others = {"x": pa.array([30.0 + i for i in range(50)])}
    >>> check_drift(model, rows)[0].verdict, check_drift(model, others)[0].verdict
    ('stable', 'large')
    """
    n = len(next(iter(table.values()), ()))
    if n == 0:
        raise empty_source()
    found: list[Drift] = []
    known = 0
    names = {id(segment): key_text(key) for key, segment in model.segments.items()}
    features = sum(len(required(segment.reference).traits) for segment in model.segments.values())
    for rows, segment, columns in model.parts(table):
        known += n if rows is None else len(rows)
        name = names[id(segment)] if model.segment_by else None
        found += _of_segment(segment, columns, name, max(_DIVISIONS, _PER_FEATURE * features))
    result = _judged(found)
    if model.segment_by:
        unseen = 1.0 - known / n
        verdict = "new segments" if known < n else "stable"
        joined = ", ".join(model.segment_by)
        result.append(Drift(None, joined, n, 0.0, 0.0, unseen, None, None, None, None, verdict))
    return result


def _of_segment(segment: Segment, columns: Columns, name: str | None, divisions: int) -> Iterator[Drift]:
    reference = required(segment.reference)
    for trait, new in zip(reference.traits, observed(segment.features, columns), strict=True):
        m = len(new.values)
        if isinstance(trait, Numbers):
            gone, unseen, psi, test, statistic, p_value = _numbers(trait, new, reference.rows)
        else:
            gone, unseen, psi, test, statistic, p_value = _categories(trait, new, divisions)
        both = [_as_often(trait.missing, reference.rows, gone, m)]
        if p_value is not None:
            both.append(p_value)
        yield Drift(
            name, trait.name, m, gone / m, trait.missing / reference.rows, unseen / m, psi, test, statistic,
            min(1.0, len(both) * min(both)), "",
        )  # fmt: skip


def _judged(found: list[Drift]) -> list[Drift]:
    """Return the same with corrected p-values (Holm) and verdicts."""
    order = sorted(range(len(found)), key=lambda i: found[i].p_value or 0.0)
    result, corrected = list(found), 0.0
    for place, i in enumerate(order):
        corrected = max(corrected, min(1.0, (found[i].p_value or 0.0) * (len(found) - place)))
        result[i] = found[i]._replace(p_value=corrected, verdict=_verdict(corrected, found[i].psi))
    return result


def _verdict(p_value: float, psi: float | None) -> str:
    if p_value > LEVEL:
        return "stable"
    size = psi or 0.0
    return "large" if size >= MODERATE else "moderate" if size >= SMALL else "small"


def _numbers(old: Numbers, new: Observed, rows: int) -> tuple[int, int, float, str | None, float | None, float | None]:
    counted, values = old.counted(new), np.asarray(new.values)
    gone, m = counted.missing, len(values)
    n_there, m_there = rows - old.missing, m - gone
    outside = 0
    if old.grid.size:
        outside = int(((values < old.grid[0]) | (values > old.grid[-1])).sum())
    shares = [np.diff(np.concatenate([[0], own, [there]])) for own, there in _binned(old, counted, n_there, m_there)]
    psi = _psi(np.append(shares[0], old.missing), np.append(shares[1], gone))
    if not n_there or not m_there:
        return gone, outside, psi, None, None, None
    difference = float(np.abs(old.below / n_there - counted.below / m_there).max())
    return gone, outside, psi, "ks", difference, ks_p_value(difference, n_there, m_there)


def _binned(old: Numbers, new: Numbers, n: int, m: int) -> list[tuple[NDArray[Any], int]]:
    """Return the cumulative counts at the training's deciles."""
    wanted = np.searchsorted(old.below, n * np.arange(1, _PSI_BINS) / _PSI_BINS)
    places = np.unique(wanted[wanted < len(old.below) - 1])
    return [(old.below[places], n), (new.below[places], m)]


def ks_p_value(difference: float, n: int, m: int) -> float:
    """Return a bound of the probability that two samples of one distribution differ so much.

    It is Kolmogorov's limit for large samples. The exact probability of smaller ones is below it wherever it is less
    than 0.09, and equal values make it smaller still.

    Parameters
    ----------
    difference
        The largest difference of the two empirical distribution functions.
    n, m
        How many values each sample has.

    References
    ----------
    N. Smirnov (1948): Table for estimating the goodness of fit of empirical distributions. Annals of Mathematical
    Statistics 19(2).

    Examples
    --------
    >>> round(ks_p_value(0.1, 1_000, 1_000), 6)
    9.1e-05
    """
    from scipy.special import kolmogorov  # noqa: PLC0415 - what does not check drift need not wait for it

    return float(kolmogorov(math.sqrt(n * m / (n + m)) * difference))


def _categories(
    old: Categories, new: Observed, divisions: int
) -> tuple[int, int, float, str | None, float | None, float | None]:
    seen = counts_of(new.values)
    m_there = sum(seen.values())
    gone = len(new.values) - m_there
    before = dict(zip(old.values, old.counts.tolist(), strict=True))
    unseen = sum(count for value, count in seen.items() if value not in before)
    if old.rest:  # those that were too many to be kept are one with those that are new
        before[""] = old.rest
        seen = {value: count for value, count in seen.items() if value in before} | {"": unseen}
    names = sorted({*before, *seen}, key=lambda name: (-before.get(name, 0) - seen.get(name, 0), name))
    ours, theirs = (np.array([counts.get(name, 0) for name in names], np.int64) for counts in (before, seen))
    ours, theirs = _merged(ours), _merged(theirs)
    psi = _psi(np.append(ours, old.missing), np.append(theirs, gone))
    if not ours.sum() or not theirs.sum():
        return gone, unseen, psi, None, None, None
    statistic, p_value = _divided(ours, theirs, divisions)
    return gone, unseen, psi, "chi2", statistic, p_value


def _merged(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return counts with all behind the most frequent as one."""
    if len(counts) <= _MOST_BINS:
        return counts
    return np.append(counts[: _MOST_BINS - 1], counts[_MOST_BINS - 1 :].sum())


def _divided(ours: NDArray[np.int64], theirs: NDArray[np.int64], divisions: int) -> tuple[float, float]:
    """Return chi-squared, and the share of random divisions of the same rows whose is at least as large."""
    pooled, n, m = ours + theirs, int(ours.sum()), int(theirs.sum())
    smaller, size = (ours, n) if n <= m else (theirs, m)
    expected = size * pooled / (n + m)
    drawn = np.random.default_rng(_SEED).multivariate_hypergeometric(pooled, size, divisions, method="marginals")

    def statistics(counts: NDArray[np.int64]) -> Floats:
        terms = (counts - expected) ** 2 / pooled * ((n + m) ** 2 / (n * m))
        return np.asarray(terms.sum(axis=-1), np.float64)

    own = float(statistics(smaller))
    # But for rounding, which depends on the order of a sum.
    as_large = int((statistics(drawn) >= own * (1.0 - 1e-9)).sum())
    return own, (1 + as_large) / (1 + divisions)


def _as_often(gone: int, rows: int, now: int, m: int) -> float:
    """Return Fisher's exact test of whether values are missing as often as they were: twice the smaller tail."""
    n, all_gone = rows + m, gone + now
    if now * rows < gone * m:
        return min(1.0, 2.0 * at_least(gone, rows, all_gone, n))
    return min(1.0, 2.0 * at_least(now, m, all_gone, n))


def _psi(ours: NDArray[Any], theirs: NDArray[Any]) -> float:
    """Return the population stability index; an empty bin counts as half a row."""
    n, m = ours.sum(), theirs.sum()
    there = ours + theirs > 0
    p, q = np.maximum(ours[there], 0.5) / n, np.maximum(theirs[there], 0.5) / m
    return float(((q - p) * np.log(q / p)).sum())
