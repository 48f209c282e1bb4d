"""Hierarchical density clustering."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from adsql.detector import Capability, Effort, Parameter, Params, Spec

if TYPE_CHECKING:
    from adsql.arrow import Floats

_LEAST_ROWS = 4  # a cluster of two rows and one row outside it, and one for scikit-learn's own bounds


class HDBSCAN:
    """One minus how firmly a row belongs to a dense cluster; 1 for all rows that belong to none.

    Clustered by scikit-learn. For tables that consist of clusters. Where they do not, most rows belong to none and
    share the score 1, so that there is nothing to rank by: `auto` is the better choice then. In small tables a
    cluster needs at most half of the rows, and tables of fewer than 4 rows have no clusters.

    References
    ----------
    R. J. G. B. Campello, D. Moulavi, J. Sander (2013): Density-based clustering based on hierarchical density
    estimates. PAKDD.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = np.vstack([rng.normal(size=(50, 2)), rng.normal(size=(50, 2)) + 20.0, [[10.0, 10.0]]])
    >>> int(HDBSCAN.rank(X, HDBSCAN.spec.resolve({}), 0).argmax())
    100
    """

    spec: ClassVar[Spec] = Spec(
        name="hdbscan",
        summary="How loosely a row belongs to its cluster; for tables that consist of dense clusters.",
        score="1 - membership, in [0, 1]; 1 outside of all clusters",
        parameters=(
            Parameter("min_cluster_size", 5, "Rows that a cluster has at least.", int, 2, 10_000),
            Parameter("min_samples", "auto", "Neighbours that make a row dense; 'auto' is min_cluster_size.", int,
                      1, 10_000, choices=("auto",)),
        ),
        capability=Capability.FIT_ONLY,
        cost="O(n^2 d) time, O(nd) memory",
        references=("Campello, Moulavi and Sander 2013, PAKDD",),
        max_rows=20_000,
        effort=Effort(seconds=0.015, power=2.0),
        instead="knn",
    )  # fmt: skip

    @classmethod
    def rank(cls, X: Floats, params: Params, seed: int) -> Floats:  # noqa: ARG003 - nothing is drawn
        """Return scores of features of shape (n, d); imports scikit-learn."""
        from sklearn import cluster  # noqa: PLC0415 - a second that scoring need not wait

        if len(X) < _LEAST_ROWS:
            return np.ones(len(X))
        size = min(int(params["min_cluster_size"] or 0), len(X) // 2)
        wanted = params["min_samples"]
        samples = min(size if wanted == "auto" else int(wanted or 0), len(X) - 1)
        clustered = cluster.HDBSCAN(min_cluster_size=size, min_samples=samples, copy=True).fit(X)
        scores: Floats = 1.0 - np.nan_to_num(clustered.probabilities_, nan=1.0)
        return scores
