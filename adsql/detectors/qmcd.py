"""Wrap-around discrepancy."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from adsql.detector import Capability, Effort, Params, Spec
from adsql.kernels.pairs import wraparound_products

if TYPE_CHECKING:
    from adsql.arrow import Floats


class QMCD:
    """A row's share in how unevenly the rows fill the space between the smallest and largest value of each column.

    Columns are stretched onto [0, 1] and closed to a circle. Which end of the shares is the strange one follows
    from their distribution: the end with the longer tail, or the lower one where tails are short. Fails where a
    single extreme value squeezes all others of its column together, and at the ends of columns, which count as
    neighbours of each other.

    References
    ----------
    K.-T. Fang, C.-X. Ma (2001): Wrap-around L2-discrepancy of random sampling, Latin hypercube and uniform designs.
    Journal of Complexity. The choice of the end is that of PyOD.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.vstack([np.random.default_rng(0).normal(size=(200, 2)), [[3.0, -3.0]]])
    >>> scores = QMCD.rank(X, {}, 0)
    >>> bool(scores[200] > np.quantile(scores, 0.95))
    True
    """

    spec: ClassVar[Spec] = Spec(
        name="qmcd",
        summary="How much a row adds to the unevenness with which rows fill their space.",
        score="mean over all rows of a product over columns, 1 where rows are spread evenly; or its mirror image",
        parameters=(),
        capability=Capability.FIT_ONLY,
        cost="O(n^2 d) time, O(nd) memory",
        references=("Fang and Ma 2001, Journal of Complexity",),
        aliases=("quasi_monte_carlo_discrepancy",),
        max_rows=20_000,
        effort=Effort(seconds=0.005, power=2.0),
        instead="kde",
    )

    @classmethod
    def rank(cls, X: Floats, params: Params, seed: int) -> Floats:  # noqa: ARG003 - nothing is drawn
        """Return scores of features of shape (n, d)."""
        low = X.min(axis=0)
        width = X.max(axis=0) - low
        unit = np.ascontiguousarray((X - low) / np.where(width > 0, width, 1.0))
        shares = wraparound_products(unit, np.ascontiguousarray(unit.T))
        return shares.max() + shares.min() - shares if _lower_end_is_strange(shares) else shares


def _lower_end_is_strange(shares: Floats) -> bool:
    """Return whether the distribution has its longer tail below, or shorter tails than a normal one."""
    deviations = shares - shares.mean()
    spread = np.sqrt((deviations**2).mean())
    # A spread within rounding has no shape to look at.
    if not spread > 1e-12 * shares.max():
        return False
    standard = deviations / spread
    return bool((standard**3).mean() < 0 or (standard**4).mean() < 3.0)  # noqa: PLR2004 - a normal distribution's
