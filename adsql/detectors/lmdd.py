"""Linear method for deviation detection."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from adsql.detector import Capability, Effort, Parameter, Params, Spec
from adsql.kernels.sequences import smoothing_factors

if TYPE_CHECKING:
    from adsql.arrow import Floats


class LMDD:
    """How much smoother the table would be without a row and its like: its largest smoothing factor.

    Rows are taken in one after the other, in `n_iter` random orders. The one that raises the mean absolute deviation
    of those before it most is an exception, and so are later rows that are like it. A row's score is the rise, times
    the number of rows that are no exceptions. The values of all columns are taken as one set, as PyOD does: on one
    scale, what counts is how far a row is out on average. About half of the rows have 0 and are not told apart.
    Fails where rows are strange only in combination. More orders find more and cost as much more.

    References
    ----------
    A. Arning, R. Agrawal, P. Raghavan (1996): A linear method for deviation detection in large databases. KDD.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.vstack([np.random.default_rng(0).normal(size=(200, 2)), [[9.0, 9.0]]])
    >>> int(LMDD.rank(X, LMDD.spec.resolve({}), 0).argmax())
    200
    """

    spec: ClassVar[Spec] = Spec(
        name="lmdd",
        summary="How much smoother the table would be without a row and its like, in random orders of the rows.",
        score="mean absolute deviation that goes away, times the rows that stay; 0 for typical rows",
        parameters=(Parameter("n_iter", 50, "Random orders of the rows.", int, 1, 1_000),),
        capability=Capability.FIT_ONLY,
        cost="O(n_iter n^2 d) time, O(nd) memory",
        references=("Arning, Agrawal and Raghavan 1996, KDD",),
        aliases=("linear_method_deviation_detection",),
        max_rows=4_000,
        effort=Effort(seconds=0.4, power=2.0),
        instead="mad",
    )

    @classmethod
    def rank(cls, X: Floats, params: Params, seed: int) -> Floats:
        """Return scores of features of shape (n, d)."""
        generator = np.random.default_rng(seed)
        orders = np.array([generator.permutation(len(X)) for _ in range(int(params["n_iter"] or 0))])
        return smoothing_factors(X, orders)
