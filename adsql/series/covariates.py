"""What known quantities beside a series explain of its values: a robust regression without seasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from adsql.series.bounds import MIN_DEVIATIONS
from adsql.series.periods import MIN_CYCLES, find_periods

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

_POINTS_EACH = 10  # beside those that a series needs anyway, for each covariate
_REMEMBERED = 20_000  # points that are enough
_TUNING = 1.345  # of Huber's loss, in standard deviations: 95% as efficient as least squares where errors are normal
_TO_DEVIATION = 1.4826  # from the median absolute error of normal ones
_ROUNDS, _STEPS = 3, 20
_CLOSE = 1e-6
_CONSTANT = 1e-7  # of its size: a covariate that varies less without its season explains nothing
_RANK = 1e-8  # of the largest eigenvalue: smaller ones are those of covariates that the others determine


@dataclass(frozen=True)
class Covariates:
    """Known quantities at the n points of a series.

    Parameters
    ----------
    columns
        Shape (n, c), NaN where one is not known.
    """

    columns: Floats

    def effect(self, values: Floats, periods: tuple[int, ...] | None, known: int, stop: int) -> Floats:
        """Return what the covariates explain of the first points, from some of these; shape (stop,).

        A point of which a covariate is not known has 0, as one whose covariates are the medians.

        Parameters
        ----------
        values
            Shape (n,), NaN where there is none.
        periods
            Seasons in points; None finds them.
        known, stop
            How many points may be learned from, and how many are asked for.
        """
        first = max(known - _REMEMBERED, 0)
        Z = self.columns[first:known]
        weights = coefficients(values[first:known], Z, periods)
        if not weights.any():
            return np.zeros(stop)
        centre = np.nanmedian(np.where(np.isfinite(Z), Z, np.nan), axis=0)
        with np.errstate(over="ignore", invalid="ignore"):
            effect = (self.columns[:stop] - centre) @ weights
        return np.where(np.isfinite(effect), effect, 0.0)


def coefficients(values: Floats, columns: Floats, periods: tuple[int, ...] | None = None) -> Floats:
    """Return by how much values differ where a column is 1 higher, once seasons are taken out of both; shape (c,).

    Seasons go with the differences from the points a season before, wholly, so that a column that is nothing but a
    season explains nothing. Huber's loss bounds what outliers tell. Neighbouring errors of a series are alike, so
    that a level that wanders would be explained by any covariate that wanders, too: values and covariates are taken
    as differences from the ones before, as far as the errors are correlated.

    Parameters
    ----------
    values
        Shape (n,), NaN where there is none.
    columns
        Shape (n, c), NaN where there is none. Constant ones get 0, and of what several tell alike each has a part.
    periods
        Seasons in points; None finds them.

    Notes
    -----
    O(n log n) with found seasons, else O(n c^2). Zeros where there are too few values to tell.

    References
    ----------
    Huber 1964: Robust estimation of a location parameter. Cochrane, Orcutt 1949: Application of least squares
    regression to relationships containing auto-correlated error terms.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> known = rng.normal(size=(200, 1))
    >>> values = 3.0 * known[:, 0] + 0.1 * rng.normal(size=200)
    >>> values[50] = 100.0
    >>> coefficients(values, known).round(1).tolist()
    [3.0]
    """
    count = columns.shape[1]
    nothing = np.zeros(count)
    seasons = find_periods(values) if periods is None else periods
    with np.errstate(over="ignore", invalid="ignore"):
        table = _without_seasons(np.column_stack([values, columns]), seasons)
        usable = np.asarray(np.isfinite(table).all(axis=1))
        if usable.sum() < 2 * MIN_DEVIATIONS + _POINTS_EACH * count:
            return nothing
        sizes = table[usable].std(axis=0)
        raw = np.abs(np.where(np.isfinite(columns), columns, 0.0)).max(axis=0)
        varies = np.isfinite(sizes) & (sizes > 0.0)
        varies[1:] &= sizes[1:] > _CONSTANT * raw
        if not varies[0] or not varies[1:].any():
            return nothing
        table = np.where(varies & usable[:, np.newaxis], table / np.where(varies, sizes, 1.0), 0.0)
    slopes = _slopes(table[:, 0], table[:, 1:], usable)
    found: Floats = np.where(varies[1:], slopes * sizes[0] / np.where(varies[1:], sizes[1:], 1.0), 0.0)
    return found if np.isfinite(found).all() else nothing


def _without_seasons(table: Floats, periods: tuple[int, ...]) -> Floats:
    for period in periods:
        if MIN_CYCLES * period <= len(table):
            table = table[period:] - table[:-period]
    return table


def _slopes(y: Floats, Z: Floats, usable: NDArray[np.bool_]) -> Floats:
    """Return the coefficients, by turns with the correlation of neighbouring errors."""
    both = usable[1:] & usable[:-1]
    slopes = _regression(y[usable], Z[usable])
    for _ in range(_ROUNDS):
        correlation = _memory(y - Z @ slopes, usable, both)
        slopes = _regression((y[1:] - correlation * y[:-1])[both], (Z[1:] - correlation * Z[:-1])[both])
    return slopes


def _memory(errors: Floats, usable: NDArray[np.bool_], both: NDArray[np.bool_]) -> float:
    """Return the correlation of errors with the ones before, from 0 to 1; outliers count as what is just large."""
    centred = errors - np.median(errors[usable])
    limit = 2.0 * _TUNING * _TO_DEVIATION * float(np.median(np.abs(centred[usable])))
    kept = np.clip(centred, -limit, limit)
    total = float((kept[:-1][both] ** 2).sum())
    return float(np.clip((kept[1:] * kept[:-1])[both].sum() / total, 0.0, 1.0)) if total > 0.0 else 0.0


def _regression(y: Floats, Z: Floats) -> Floats:
    """Return the coefficients that minimise Huber's loss, by weighted least squares; an intercept is left out."""
    table = np.column_stack([np.ones(len(y)), Z])
    weights, found = np.ones(len(y)), np.zeros(table.shape[1])
    for _ in range(_STEPS):
        weighted = table * weights[:, np.newaxis]
        before, found = found, np.linalg.pinv(weighted.T @ table, rcond=_RANK, hermitian=True) @ (weighted.T @ y)
        errors = np.abs(y - table @ found)
        scale = _TO_DEVIATION * float(np.median(errors)) or float(errors.mean())
        if not scale > 0.0 or np.abs(found - before).max() <= _CLOSE:
            break
        weights = np.minimum(1.0, _TUNING * scale / np.maximum(errors, scale * _CLOSE))
    return found[1:]
