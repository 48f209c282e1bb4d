"""Connectivity-based outlier factor."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from adsql.detector import Capability, Effort, Parameter, Params, Spec
from adsql.kernels.columns import standardised
from adsql.kernels.pairs import chaining_distances, nearest_rows

if TYPE_CHECKING:
    from adsql.arrow import Floats

# Added to both distances of the ratio, as scikit-learn does for LOF: rows at one place have the factor 1.
_FLOOR = 1e-10


class COF:
    """A row's average chaining distance over the mean of its neighbours': how badly it is connected.

    The chaining distance grows a path from the row through its neighbours, one nearest step after the other, so
    that a row beside a line of others is found although the line is sparse: what LOF, which looks at density in
    all directions, misses. 1 is usual. In tables of up to `n_neighbors` rows, all others are neighbours. Fails where
    anomalies come in groups larger than `n_neighbors`, which are well connected among themselves. PyOD visits the
    neighbours in order of their distance from the row; the paper, and this, go on from any row of the path.

    References
    ----------
    J. Tang, Z. Chen, A. W. Fu, D. W. Cheung (2002): Enhancing effectiveness of outlier detections for low density
    patterns. PAKDD.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.vstack([np.arange(100.0).repeat(2).reshape(100, 2), [[50.0, 53.0]]])
    >>> int(COF.rank(X, COF.spec.resolve({"n_neighbors": 5}), 0).argmax())
    100
    """

    spec: ClassVar[Spec] = Spec(
        name="cof",
        summary="How badly a row is connected to its neighbours; finds rows beside lines and other low-density shapes.",
        score="average chaining distance over the mean of the neighbours'; 1 is usual",
        parameters=(Parameter("n_neighbors", 20, "Neighbours that the path goes through.", int, 1, 200),),
        capability=Capability.FIT_ONLY,
        cost="O(n^2 d + n k^2 d) time, O(n k) memory",
        references=("Tang, Chen, Fu and Cheung 2002, PAKDD",),
        aliases=("connectivity_based_outlier_factor",),
        max_rows=20_000,
        effort=Effort(seconds=0.01, power=2.0),
        instead="lof",
    )

    @classmethod
    def rank(cls, X: Floats, params: Params, seed: int) -> Floats:  # noqa: ARG003 - nothing is drawn
        """Return scores of features of shape (n, d)."""
        k = min(int(params["n_neighbors"] or 0), len(X) - 1)
        Z = standardised(X)
        neighbours = nearest_rows(Z, np.ascontiguousarray(Z.T), k)
        chaining = chaining_distances(Z, neighbours) + _FLOOR
        scores: Floats = chaining / chaining[neighbours].mean(axis=1)
        return scores
