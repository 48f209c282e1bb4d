"""From which score on a row is an anomaly. The policy is separate from the score.

* `contamination`: the share of training rows above the threshold.
* `threshold`: a score, as it is.
* `alert_budget`: at most so many rows of the training source above the threshold.
* labels: where the F1 of labelled training rows is highest; see `adsql.labels`. Chosen by giving a
  `label_column` and no other policy; without both kinds of labels, the automatic one stands in.
* automatic, the default: where one in a thousand rows of *clean* data would lie. Clean data are drawn from a
  normal distribution with the columns' rank correlations (columns of few values keep their values, but for those
  far outside of their quartiles); the same detector is fitted to as many of them. How far their
  99.9% quantile lies above their median, in units of the spread of the scores just above the median, is how
  far the threshold lies above the median of the training scores. The spread is measured by the upper quartile
  and by a trimmed mean, which copes with scores of few distinct values; the more cautious one counts, and it
  counts at least as much as that of clean data. So a
  detector with long-tailed scores does not flag more of clean data than another, no share is fixed in
  advance, and anomalies hardly move the threshold while they are fewer than 15% of the rows.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from adsql.errors import InvalidOption
from adsql.ranks import mid_ranks
from adsql.wording import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from adsql.arrow import Floats

CLEAN_ROWS = 4_000
CLEAN_RATE = 1e-3
MAX_CONTAMINATION = 0.5
DEGENERATE_RATE = 0.01
TRIM_AT = 0.85
_FAR = 5.0  # interquartile ranges; 1 in 1,000 values of an exponential distribution is farther from its quartiles
_MIN_REPEATS = 5  # rows that a value stands for on average where a column has few values


class Policy(StrEnum):
    """How the threshold was set."""

    AUTOMATIC = "automatic"
    CONTAMINATION = "contamination"
    FIXED = "threshold"
    BUDGET = "alert_budget"
    LABELS = "labels"


@dataclass(frozen=True)
class ThresholdPolicy:
    """A policy and its value; build one with `choose`.

    Examples
    --------
    >>> import numpy as np
    >>> ThresholdPolicy.choose(contamination=0.2).fit(np.arange(10.0), 10, lambda: np.zeros(1))
    7.5
    """

    policy: Policy = Policy.AUTOMATIC
    value: float | None = None

    def __str__(self) -> str:
        return self.policy.value + ("" if self.value is None else f" = {self.value:g}")

    @classmethod
    def choose(
        cls, contamination: object = None, threshold: object = None, alert_budget: object = None
    ) -> ThresholdPolicy:
        """Check the options of a call, of which at most one may be given.

        Raises
        ------
        InvalidOption
            For a value out of range, or two policies at once.
        """
        given = {
            Policy.CONTAMINATION: contamination,
            Policy.FIXED: threshold,
            Policy.BUDGET: alert_budget,
        }
        chosen = {policy: value for policy, value in given.items() if value is not None}
        if len(chosen) > 1:
            raise InvalidOption(f"{' and '.join(chosen)} exclude each other", allowed="one of them, or none")
        for policy, value in chosen.items():
            return cls(policy, _checked(policy, value))
        return cls()

    def fit(self, scores: Floats, n_rows: int, clean_scores: Callable[[], Floats]) -> float:
        """Return the threshold; rows with a higher score are anomalies.

        Parameters
        ----------
        scores
            Training scores, shape (n,).
        n_rows
            Rows of the source that the training rows are a sample of.
        clean_scores
            Called for the automatic policy: scores of clean data by the same detector.
        """
        if self.policy is Policy.FIXED and self.value is not None:
            return self.value
        if self.policy is Policy.CONTAMINATION and self.value is not None:
            # The share as it was written: 0.29 of 100 rows are 29, which floating point makes 28.999...
            return above_at_most(scores, int(Fraction(repr(self.value)) * len(scores)))
        if self.policy is Policy.BUDGET and self.value is not None:
            return above_at_most(scores, int(self.value * len(scores) / n_rows))
        return automatic_threshold(scores, clean_scores())

    def flagged_share(self, n_rows: int) -> float | None:
        """Return the share of rows that the policy asks to flag; None if it does not tell."""
        if self.value is None or self.policy not in (Policy.CONTAMINATION, Policy.BUDGET):
            return None
        return self.value if self.policy is Policy.CONTAMINATION else min(self.value / n_rows, 1.0)


def automatic_threshold(scores: Floats, clean: Floats) -> float:
    """Return the threshold of the automatic policy; see the module's description.

    Where half of the training rows share one score there is no distance to measure with; then no more than
    1% of them lie above the threshold, and none of a constant table.
    """
    median, *spreads = _spreads(scores)
    clean_median, *clean_spreads = _spreads(clean)
    if not (min(spreads) > 0 and min(clean_spreads) > 0):
        return float(max(np.quantile(scores, 1.0 - DEGENERATE_RATE), np.quantile(scores, 0.75)))
    reach = np.quantile(clean, 1.0 - CLEAN_RATE) - clean_median
    ratios = (spread / clean_spread for spread, clean_spread in zip(spreads, clean_spreads, strict=True))
    return float(median + reach * max(1.0, *ratios))


def _spreads(scores: Floats) -> tuple[float, float, float]:
    """Return the median and two distances above it: of the upper quartile, and of the mean up to the 85% quantile."""
    ordered = np.sort(scores)
    n = len(ordered)
    median, upper = np.quantile(ordered, [0.5, 0.75])
    trimmed = ordered[n // 2 : max(int(TRIM_AT * n), n // 2 + 1)].mean()
    return float(median), float(upper - median), float(trimmed - median)


def clean_rows(X: Floats, seed: int) -> Floats:
    """Draw clean data like X: normal columns with X's rank correlations, shape (4000, d).

    A column of few values (booleans, categories, ratings) keeps those, as often as they are: its less usual
    values are no anomalies.
    """
    ranks = np.column_stack([mid_ranks(column) for column in X.T])
    deviations = ranks - ranks.mean(axis=0)
    lengths = np.sqrt((deviations**2).sum(axis=0))
    unit = np.divide(deviations, lengths, out=np.zeros_like(deviations), where=lengths > 0)
    # Pearson's correlation of normal variables whose rank correlation is rho: 2 sin(pi rho / 6).
    correlation = 2.0 * np.sin(np.pi / 6.0 * (unit.T @ unit))
    np.fill_diagonal(correlation, 1.0)
    values, vectors = np.linalg.eigh(correlation)
    normal = np.random.default_rng(seed).standard_normal((CLEAN_ROWS, X.shape[1]))
    rows: Floats = normal @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
    for j, column in enumerate(X.T):
        if 1 < len(np.unique(column)) <= len(column) // _MIN_REPEATS:
            order = np.argsort(rows[:, j], kind="stable")
            rows[order, j] = _without_far_values(column)[np.arange(CLEAN_ROWS) * len(column) // CLEAN_ROWS]
    return np.asfortranarray(rows)


def _without_far_values(column: Floats) -> Floats:
    """Return the sorted values, those far outside of the quartiles moved to where far begins.

    A quantity of 950 among those from 1 to 10 is one of few values, and no clean one. Where the quartiles are equal, as
    those of most booleans, nothing is far.
    """
    lower, upper = np.quantile(column, [0.25, 0.75])
    reach = _FAR * (upper - lower)
    ordered: Floats = np.sort(column)
    return np.clip(ordered, lower - reach, upper + reach) if reach > 0.0 else ordered


def above_at_most(scores: Floats, count: int) -> float:
    """Return the score that at most `count` training scores exceed, halfway to the next where there is room."""
    ordered = np.sort(scores)[::-1]
    if count <= 0:
        return float(ordered[0])
    if count >= len(ordered):
        return float(np.nextafter(ordered[-1], -np.inf))
    inside, outside = float(ordered[count - 1]), float(ordered[count])
    # Between neighbouring floats, halfway rounds to either; the threshold itself must stay below the score inside.
    halfway = min(outside + (inside - outside) / 2.0, float(np.nextafter(inside, outside)))
    return outside if inside == outside else halfway


def _checked(policy: Policy, value: object) -> float:
    number: float | None = None
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        number = float(value)
    allowed = {
        Policy.CONTAMINATION: "a number above 0 and at most 0.5, the expected share of anomalies",
        Policy.FIXED: "a finite number, on the detector's own scale",
        Policy.BUDGET: "a whole number of at least 1, the most rows to flag",
    }
    holds = (
        number is not None
        and {
            Policy.CONTAMINATION: 0.0 < number <= MAX_CONTAMINATION,
            Policy.FIXED: True,
            Policy.BUDGET: number >= 1 and number.is_integer(),
        }[policy]
    )
    if number is None or not holds:
        raise InvalidOption(f"{policy} = {shown(value)} cannot be used", allowed=allowed[policy])
    return number
