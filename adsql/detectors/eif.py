"""Extended isolation forest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from adsql.detector import Capability, Parameter, Params, Spec
from adsql.detectors.iforest import expected_path
from adsql.kernels.hyperplanes import grow_tree, mean_leaf_value_behind_planes
from adsql.state import State, require

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

_AUTO_SAMPLES = 256
_AUTO_LEVEL = 2
_MOST_SAMPLES = 4_096
_MOST_DEPTH = 12


@dataclass(frozen=True)
class ExtendedIsolationForest:
    """2^(-mean path length / expected path length) in random trees that split by hyperplanes.

    An isolation forest cuts along one column at a time, so that its scores follow the axes: two crossing bands
    of low scores hide rows that lie beside the data in both columns. Hyperplanes with random slopes in
    `extension_level` + 1 columns have no such bands. The split point is drawn from the bounding box of a
    node's rows, as in the paper; the columns from those that vary in it, as Cortes does.

    Three columns are the default, not all: in a hyperplane through all columns those with the longest tails
    decide, and irrelevant ones drown the others (mean AUC-ROC over 22 ADBench sets 80.8 with three, 79.8 with
    all, 80.1 with one). Every level makes scoring slower. A state holds 12 (level + 1) + 16 bytes a node: 1.3 MB
    by default. Misses rows that are strange against their neighbourhood only.

    Parameters
    ----------
    column : ndarray of shape (trees * nodes * k,)
        The k columns that each node looks at; trees are padded to 2^depth - 1 nodes, whose children are at 2p + 1
        and 2p + 2.
    weight : ndarray of shape (trees, nodes * k)
        The slopes in these columns; all 0 where a node splits nothing.
    threshold : ndarray of shape (trees, nodes)
        Rows whose weighted sum is at most this value go left.
    path : ndarray of shape (trees, nodes + 1)
        A leaf's depth plus the expected depth of the rows in it.
    expected : float
        The expected path length for the sample size.
    n_features : int
        Columns.

    References
    ----------
    S. Hariri, M. Carrasco Kind, R. J. Brunner (2019): Extended isolation forest. IEEE Transactions on Knowledge
    and Data Engineering 33(4). D. Cortes (2021): Revisiting randomized choices in isolation forests.
    arXiv:2110.13402.

    Examples
    --------
    A row off the diagonal on which all others lie:

    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=300)
    >>> X = np.vstack([np.column_stack([x, x]), [[1.5, -1.5]]])
    >>> scores = ExtendedIsolationForest.fit(X, ExtendedIsolationForest.spec.resolve({}), 0).score(X)
    >>> int(scores.argmax())
    300
    """

    column: NDArray[np.int32]
    weight: Floats
    threshold: Floats
    path: Floats
    expected: float
    n_features: int

    spec: ClassVar[Spec] = Spec(
        name="eif",
        summary="An isolation forest that cuts across columns; finds rows strange in a combination of them.",
        score="2^(-mean path length / expected path length), in (0, 1); 0.5 is usual",
        parameters=(
            Parameter("n_estimators", 100, "Trees.", int, 1, 1_000),
            Parameter("max_samples", "auto", "Rows a tree is grown from; 'auto' is 256.", int, 2, _MOST_SAMPLES,
                      choices=("auto",)),
            Parameter("extension_level", "auto",
                      "Columns that a split combines, less one; at most all. 0 is an isolation forest, 'auto' is 2.",
                      int, 0, 99, choices=("auto",)),
        ),
        capability=Capability.ROWS,
        cost="fit O(trees * samples * d * log samples), score O(trees * columns of a split * log samples) a row",
        references=("Hariri, Carrasco Kind and Brunner 2019, IEEE TKDE", "Cortes 2021, arXiv:2110.13402"),
        aliases=("extended_isolation_forest",),
    )  # fmt: skip

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:
        """Fit to features of shape (n, d)."""
        n, d = X.shape
        trees = int(params["n_estimators"] or 0)
        samples = min(_number(params["max_samples"], _AUTO_SAMPLES), n)
        k = min(_number(params["extension_level"], _AUTO_LEVEL) + 1, d)
        nodes = 2 ** max(int(np.ceil(np.log2(samples))), 1) - 1
        column = np.zeros((trees, nodes, k), dtype=np.int32)
        weight, threshold = np.zeros((trees, nodes, k)), np.empty((trees, nodes))
        size, depth = np.empty((trees, nodes + 1), dtype=np.int64), np.empty((trees, nodes + 1), dtype=np.int64)
        random = np.random.default_rng(seed)
        for tree in range(trees):
            drawn = X[random.choice(n, samples, replace=False)]
            numbers = random.normal(size=(nodes, k)), random.random((nodes, k)), random.random((nodes, k))
            grow_tree(drawn, *numbers, column[tree], weight[tree], threshold[tree], size[tree], depth[tree])
        expected = float(expected_path(np.array([samples]))[0])
        flat = column.reshape(-1), weight.reshape(trees, -1)
        return cls(*flat, threshold, depth + expected_path(size), max(expected, 1.0), d)

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        column = self.column.reshape(len(self.threshold), -1)
        path = mean_leaf_value_behind_planes(X, column, self.weight, self.threshold, self.path)
        result: Floats = np.exp2(-path / self.expected)
        return result

    def to_state(self) -> State:
        """Return what is stored."""
        return State(
            {"expected": self.expected, "n_features": self.n_features},
            {"column": self.column, "weight": self.weight, "threshold": self.threshold, "path": self.path},
        )

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check that the trees are padded to one depth, which is how long every walk is."""
        columns = state.scalar("n_features", int)
        column = state.integers("column", 0, columns)
        weight, threshold, path = (state.floats(name, 2) for name in ("weight", "threshold", "path"))
        trees, nodes = threshold.shape
        require(trees > 0 and nodes + 1 in [2**depth for depth in range(1, _MOST_DEPTH + 1)], "eif: no padded trees")
        require(path.shape == (trees, nodes + 1), "eif: leaves are incomplete")
        require(len(weight) == trees and 0 < weight.size == len(column), "eif: planes are incomplete")
        require(weight.shape[1] % nodes == 0, "eif: planes are incomplete")
        require(float(np.abs(path).max()) <= _MOST_SAMPLES, "eif: a path is longer than a tree")
        expected = state.scalar("expected", float)
        require(1.0 <= expected <= _MOST_SAMPLES, "eif: no path length")
        return cls(column, weight, threshold, path, expected, columns)


def _number(value: object, automatic: int) -> int:
    """Return a parameter's number, or what 'auto' stands for."""
    return value if isinstance(value, int) else automatic
