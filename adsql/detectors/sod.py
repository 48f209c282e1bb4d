"""Subspace outlier degree."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from adsql.detector import Capability, Effort, Parameter, Params, Spec
from adsql.kernels.columns import standardised
from adsql.kernels.pairs import most_shared_neighbours, nearest_rows, subspace_deviations

if TYPE_CHECKING:
    from adsql.arrow import Floats


class SOD:
    """A row's distance from its reference rows, in the columns in which these agree with each other.

    The references are the `ref_set` rows with which it shares most of its nearest neighbours. Where rows share as
    many, chance decides: a row that shares none is compared with rows from everywhere, and stands out. The
    references agree in a column whose variance is at most `alpha` times the mean of all; with one column, in that.
    Made for tables of many columns of which few matter to a row. In small tables, neighbours and references are all
    other rows. Fails where the references' variance is much the same in all columns, so that chance decides which
    ones count; rows whose references agree in no column have 0. The paper divides the distance by the number of
    columns, which favours rows with few of them; this, like PyOD, takes the root mean square.

    References
    ----------
    H.-P. Kriegel, P. Kröger, E. Schubert, A. Zimek (2009): Outlier detection in axis-parallel subspaces of high
    dimensional data. PAKDD.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(200, 3)) * [1.0, 10.0, 10.0]
    >>> X[7, 0] = 8.0
    >>> int(SOD.rank(X, SOD.spec.resolve({}), 0).argmax())
    7
    """

    spec: ClassVar[Spec] = Spec(
        name="sod",
        summary="How far a row is from similar rows, in the columns in which they agree; for tables of many columns.",
        score="root mean square distance in the columns that count, in standard deviations",
        parameters=(
            Parameter("n_neighbors", 20, "Neighbours that two rows can share.", int, 1, 200),
            Parameter("ref_set", 10, "Rows to compare with.", int, 1, 200),
            Parameter("alpha", 0.8, "Columns count up to this share of the mean variance.", float, 0.0, 1.0, True),
        ),
        capability=Capability.FIT_ONLY,
        cost="O(n^2 d) time, O(n k) memory",
        references=("Kriegel, Kröger, Schubert and Zimek 2009, PAKDD",),
        aliases=("subspace_outlier_detection",),
        max_rows=20_000,
        effort=Effort(seconds=0.01, power=2.0),
        instead="knn",
    )

    @classmethod
    def rank(cls, X: Floats, params: Params, seed: int) -> Floats:
        """Return scores of features of shape (n, d)."""
        others = len(X) - 1
        k, size = (min(int(params[name] or 0), others) for name in ("n_neighbors", "ref_set"))
        Z = standardised(X)
        neighbours = nearest_rows(Z, np.ascontiguousarray(Z.T), k)
        precedence = np.random.default_rng(seed).random(len(Z))
        references = most_shared_neighbours(neighbours, precedence, size)
        return subspace_deviations(Z, references, float(params["alpha"] or 0.0))
