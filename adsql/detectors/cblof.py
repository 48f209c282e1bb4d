"""Cluster-based local outlier factor."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from adsql.detector import Capability, Parameter, Params, Spec
from adsql.expressions import check_steps
from adsql.kernels.neighbours import center_distance
from adsql.state import State, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adsql.arrow import Floats
    from adsql.expressions import E, Expressions

_STARTS = 5


@dataclass(frozen=True)
class CBLOF:
    """Distance to the centre of the nearest large cluster.

    Rows are clustered by k-means, the best of five starts. Large clusters are the largest that hold a share
    `alpha` of the rows together and are followed by one `beta` times smaller; where no place fulfils both, the
    first that fulfils `alpha`, else `beta`. Where none does (clusters of about equal size; PyOD raises an
    error), all are large. Small clusters are where anomalies lie together, so that they do not vouch for each
    other. As in PyOD's default, distances are not weighted by the clusters' sizes, as the paper's are. Fails
    where clusters differ in width, or are no balls.

    Parameters
    ----------
    centers : ndarray of shape (d, clusters)
        Of the large clusters.

    References
    ----------
    Z. He, X. Xu, S. Deng (2003): Discovering cluster-based local outliers. Pattern Recognition Letters 24(9-10).

    Examples
    --------
    >>> import numpy as np
    >>> X = np.vstack([np.random.default_rng(0).normal(size=(200, 2)), [[9.0, 9.0]] * 5])
    >>> scores = CBLOF.fit(X, CBLOF.spec.resolve({}), 0).score(np.array([[0.0, 0.0], [9.0, 9.0]]))
    >>> bool(scores[0] < 1.0 < 8.0 < scores[1])
    True
    """

    centers: Floats

    spec: ClassVar[Spec] = Spec(
        name="cblof",
        summary="How far the nearest large cluster's centre is; for data with several centres.",
        score="Euclidean distance, each column in robust standard deviations",
        parameters=(
            Parameter("n_clusters", 8, "Clusters.", int, 2, 1_000),
            Parameter("alpha", 0.9, "Share of the rows that large clusters hold.", float, 0.5, 1.0, True),
            Parameter("beta", 5.0, "How many times smaller the first small cluster is.", float, 1.0, 1e6, True),
        ),
        capability=Capability.ROWS,
        cost="fit O(clusters * nd) a step, score O(clusters * d) a row",
        references=("He, Xu and Deng 2003, Pattern Recognition Letters 24(9-10)",),
        aliases=("cluster_based_local_outlier_factor",),
    )

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:
        """Fit to features of shape (n, d); imports scikit-learn."""
        from sklearn.cluster import KMeans  # noqa: PLC0415 - a second that scoring need not wait
        from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - as above

        clusters = min(int(params["n_clusters"] or 0), len(X))
        with warnings.catch_warnings():
            # Fewer distinct rows than clusters are no fault here: the empty clusters are left out below.
            warnings.simplefilter("ignore", ConvergenceWarning)
            found = KMeans(clusters, n_init=_STARTS, random_state=seed % 2**32).fit(X).labels_
        labels, sizes = np.unique(found, return_inverse=True)[1], np.unique(found, return_counts=True)[1]
        # scikit-learn adds up its centres in the order in which threads finish, which changes their last bits.
        centers = np.column_stack([np.bincount(labels, column) / sizes for column in X.T])
        order = np.argsort(-sizes, kind="stable")
        large = order[: _large_clusters(sizes[order], float(params["alpha"] or 0.0), float(params["beta"] or 0.0))]
        return cls(np.ascontiguousarray(centers[large].T))

    @property
    def n_features(self) -> int:
        """Columns of X."""
        return len(self.centers)

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        return center_distance(X, self.centers)

    def expression(self, features: Sequence[E], sql: Expressions[E]) -> E:
        """Return the score as an expression of the features: a square for each column of each cluster."""
        check_steps("cblof", self.centers.size, "squares", "train with a lower n_clusters")
        squares = [
            sql.sum(
                [
                    sql.square(sql.difference(x, sql.number(float(value))))
                    for x, value in zip(features, center, strict=True)
                ]
            )
            for center in self.centers.T
        ]
        return sql.square_root(sql.least(squares) if len(squares) > 1 else squares[0])

    def to_state(self) -> State:
        """Return what is stored."""
        return State(arrays={"centers": self.centers})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check."""
        centers = state.floats("centers", 2)
        require(centers.size > 0, "cblof: no cluster")
        return cls(centers)


def _large_clusters(sizes: NDArray[np.int64], alpha: float, beta: float) -> int:
    """Return how many of the clusters are large, by their sizes in descending order."""
    together = np.cumsum(sizes)[:-1] >= alpha * sizes.sum()
    step = sizes[:-1] >= beta * sizes[1:]
    for fulfilled in (together & step, together, step):
        if fulfilled.any():
            return int(fulfilled.argmax()) + 1
    return len(sizes)
