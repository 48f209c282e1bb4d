"""Isolation forest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from adsql.contributions import Contributions
from adsql.detector import Capability, Parameter, Params, Spec
from adsql.expressions import check_steps
from adsql.kernels.trees import complete_trees, mean_complete_leaf_value, mean_leaf_value, path_gains
from adsql.state import State, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adsql.arrow import Floats
    from adsql.expressions import E, Expressions

_AUTO_SAMPLES = 256
_WITHIN = 0.1  # how much a gain counts for a value that is not beyond the splits of its column
_FARTHEST = 1e6
_HAIR = 1e-12  # a path so near to the expected one is on it


@dataclass(frozen=True)
class IsolationForest:
    """2^(-mean path length / expected path length) in random trees: strange rows are isolated early.

    Fitted by scikit-learn, scored by a kernel over the flattened trees, equal to scikit-learn's
    `-score_samples`. Scores lie in (0, 1); 0.5 is usual. Rows strange only in combination of many columns are
    found less well than by `auto`, since every split looks at one column.

    Parameters
    ----------
    roots : ndarray of shape (trees,)
        The first node of each tree.
    feature, left, right : ndarray of shape (nodes,)
        The column a node splits and its children; feature -1 marks leaves.
    threshold : ndarray of shape (nodes,)
        Rows with at most this value go left.
    path : ndarray of shape (nodes,)
        A leaf's depth plus the expected depth of the rows in it.
    expected_path : float
        The expected path length for the sample size.
    n_features : int
        Columns.

    References
    ----------
    F. T. Liu, K. M. Ting, Z.-H. Zhou (2008): Isolation forest. ICDM.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.vstack([np.random.default_rng(0).normal(size=(200, 2)), [[9.0, 9.0]]])
    >>> params = IsolationForest.spec.resolve({"n_estimators": 50})
    >>> scores = IsolationForest.fit(X, params, 0).score(X)
    >>> int(scores.argmax())
    200
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: Floats
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    path: Floats
    expected_path: float
    n_features: int

    spec: ClassVar[Spec] = Spec(
        name="iforest",
        summary="How few random splits isolate a row; a robust choice for large tables.",
        score="2^(-mean path length / expected path length), in (0, 1); 0.5 is usual",
        parameters=(
            Parameter("n_estimators", 100, "Trees.", int, 1, 10_000),
            Parameter("max_samples", "auto", "Rows a tree is grown from; 'auto' is 256.", int, 2, 1_000_000,
                      choices=("auto",)),
            Parameter("max_features", 1.0, "Share of the columns a tree sees.", float, 0.0, 1.0, True),
            Parameter("bootstrap", False, "Draw a tree's rows with replacement.", bool),
        ),
        capability=Capability.ROWS,
        cost="fit O(trees * samples * log samples), score O(trees * log samples) a row",
        references=("Liu, Ting and Zhou 2008, ICDM",),
        aliases=("isolation_forest",),
    )  # fmt: skip

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:
        """Fit to features of shape (n, d); imports scikit-learn."""
        from sklearn.ensemble import IsolationForest as Forest  # noqa: PLC0415 - a second that scoring need not wait

        wanted = params["max_samples"]
        samples = min(_AUTO_SAMPLES if wanted == "auto" else int(wanted or 0), len(X))
        forest = Forest(
            n_estimators=params["n_estimators"], max_samples=samples, max_features=params["max_features"],
            bootstrap=params["bootstrap"], random_state=seed % 2**32,
        ).fit(X)  # fmt: skip
        trees = [
            _flatten(tree.tree_, columns)
            for tree, columns in zip(forest.estimators_, forest.estimators_features_, strict=True)
        ]
        sizes = np.array([len(tree["feature"]) for tree in trees])
        roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)
        for root, tree in zip(roots, trees, strict=True):
            tree["left"], tree["right"] = (_moved(tree[side], tree["feature"], root) for side in ("left", "right"))
        joined = {name: np.concatenate([tree[name] for tree in trees]) for name in trees[0]}
        expected = float(expected_path(np.array([samples]))[0])
        return cls(roots=roots, expected_path=max(expected, 1.0), n_features=X.shape[1], **joined)

    def updated(self, X: Floats, weight: float, params: Params, seed: int) -> Self:
        """Return a forest whose oldest trees gave way to new ones, grown from the new rows: their share of all rows.

        At least one tree is replaced, and one of several is kept.
        """
        trees = len(self.roots)
        count = int(np.clip(round(weight * trees), 1, max(trees - 1, 1)))
        grown = type(self).fit(X, {**params, "n_estimators": count}, seed)
        first = int(self.roots[count]) if count < trees else len(self.feature)
        # Depths of trees from few rows are on their own scale: brought to that of the others.
        path = grown.path * (self.expected_path / grown.expected_path)
        kept, new = self.feature[first:], grown.feature
        return replace(
            self,
            roots=np.concatenate([self.roots[count:] - first, grown.roots + len(kept)]),
            feature=np.concatenate([kept, new]),
            threshold=np.concatenate([self.threshold[first:], grown.threshold]),
            left=np.concatenate([_moved(self.left[first:], kept, -first), _moved(grown.left, new, len(kept))]),
            right=np.concatenate([_moved(self.right[first:], kept, -first), _moved(grown.right, new, len(kept))]),
            path=np.concatenate([self.path[first:], path]),
        )

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        if self._complete is not None:
            path = mean_complete_leaf_value(X, *self._complete)
        else:
            path = mean_leaf_value(X, self.roots, self.feature, self.threshold, self.left, self.right, self.path)
        result: Floats = np.exp2(-path / self.expected_path)
        return result

    @cached_property
    def _complete(self) -> tuple[NDArray[np.uint32], NDArray[np.float32], Floats] | None:
        return complete_trees(self.roots, self.feature, self.threshold, self.left, self.right, self.path)

    def contributions(self, X: Floats) -> Contributions:
        """Return what each feature's splits on a row's way shorten its path by, brought to the scale of the score.

        A split gains what the expected depth of the rows at a node, less the split itself, exceeds that of the rows
        on the side where the row goes. The base is the score of a row with the expected path length, mostly 0.5.

        Any column can isolate a row by chance, and a value beyond all splits goes the way of the largest: the gains
        are shared anew by how far values are beyond the splits, see `_shared`.
        """
        gain, root_depth = self._gains
        gains = path_gains(X, self.roots, self.feature, self.threshold, self.left, self.right, gain)
        gains = _shared(gains, self._beyond(X))
        base = float(np.exp2(-root_depth / self.expected_path))
        total, above = gains.sum(axis=1), self.score(X) - base
        steepness = np.full(len(X), base * np.log(2.0) / self.expected_path)
        np.divide(above, total, out=steepness, where=np.abs(total) > _HAIR)
        return Contributions(gains * steepness[:, None], base, np.zeros(X.shape))

    def _beyond(self, X: Floats) -> Floats:
        """Return how far values lie beyond all splits of their columns, in ranges of these splits."""
        low, high = self._split_range
        span, distance = high - low, np.maximum(np.maximum(low - X, X - high), 0.0)
        with np.errstate(over="ignore"):
            ranges = np.divide(distance, span, out=np.zeros(X.shape), where=span > 0)
        return np.minimum(ranges, _FARTHEST)

    @cached_property
    def _split_range(self) -> tuple[Floats, Floats]:
        """Return the lowest and the highest split of each column, the other way round where there is none."""
        low, high = np.full(self.n_features, np.inf), np.full(self.n_features, -np.inf)
        inner = self.feature >= 0
        np.minimum.at(low, self.feature[inner], self.threshold[inner])
        np.maximum.at(high, self.feature[inner], self.threshold[inner])
        return low, high

    @cached_property
    def _gains(self) -> tuple[Floats, float]:
        """Return the gain of arriving at each node, and the mean expected depth of all rows of a tree."""
        levels, depth, tree = _levels(self.roots, self.feature, self.left, self.right)
        leaf = self.feature < 0
        # Trees of an update from few rows have depths on another scale; a leaf of one row has its tree's.
        scale = np.full(len(self.roots), np.inf)
        deep = leaf & (depth > 0)
        np.minimum.at(scale, tree[deep], self.path[deep] / depth[deep])
        scale[~np.isfinite(scale)] = 1.0
        size = np.where(leaf, rows_of_expected_path(self.path / scale[tree] - depth), 0.0)
        for nodes in reversed(levels):
            inner = nodes[self.feature[nodes] >= 0]
            size[inner] = size[self.left[inner]] + size[self.right[inner]]
        reach = np.where(leaf, self.path, scale[tree] * (depth + expected_path(size)))
        gain, parents = np.zeros(len(reach)), np.flatnonzero(~leaf)
        for children in (self.left[parents], self.right[parents]):
            gain[children] = reach[parents] - reach[children]
        return gain, float(reach[self.roots].mean())

    def expression(self, features: Sequence[E], sql: Expressions[E]) -> E:
        """Return the score as an expression of the features: a CASE for each inner node."""
        check_steps("iforest", len(self.path), "nodes", "train with a lower n_estimators or max_samples")
        bounds = _as_float64(self.threshold)
        values: list[E] = []
        # Children lie behind their parents.
        for node in reversed(range(len(self.path))):
            if self.feature[node] < 0:
                values.append(sql.number(float(self.path[node])))
                continue
            goes_left = sql.at_most(features[self.feature[node]], sql.number(float(bounds[node])))
            left, right = (values[len(self.path) - 1 - child] for child in (self.left[node], self.right[node]))
            values.append(sql.case([(goes_left, left)], right))
        path = sql.sum([values[len(self.path) - 1 - root] for root in self.roots])
        factor = -np.log(2.0) / (len(self.roots) * self.expected_path)
        return sql.exponential(sql.product(path, sql.number(float(factor))))

    def description(self) -> dict[str, str]:
        """Return what was chosen."""
        return {"trees": str(len(self.roots))}

    def to_state(self) -> State:
        """Return what is stored."""
        return State(
            {"expected_path": self.expected_path, "n_features": self.n_features},
            {
                "roots": self.roots, "feature": self.feature, "threshold": self.threshold,
                "left": self.left, "right": self.right, "path": self.path,
            },
        )  # fmt: skip

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check that every walk ends: children lie behind their parents."""
        columns = state.scalar("n_features", int)
        # The kernel compares in single precision.
        threshold, path = state.floats("threshold", largest=1e30), state.floats("path")
        nodes = len(threshold)
        feature = state.integers("feature", -1, columns)
        roots, left, right = (state.integers(name, 0, nodes) for name in ("roots", "left", "right"))
        require(nodes == len(feature) == len(left) == len(right) == len(path), "iforest: nodes are incomplete")
        require(bool((path >= 0).all()), "iforest: a path has a negative length")
        inner = feature >= 0
        position = np.arange(nodes)
        require(bool((left[inner] > position[inner]).all()), "iforest: a tree has a cycle")
        require(bool((right[inner] > position[inner]).all()), "iforest: a tree has a cycle")
        parents = np.bincount(np.concatenate([roots, left[inner], right[inner]]), minlength=nodes)
        require(bool((parents == 1).all()), "iforest: a node belongs to no tree, or to several")
        require(bool((path >= 0).all()), "iforest: a path has a negative length")
        expected = state.scalar("expected_path", float)
        require(len(roots) > 0 and expected > 0, "iforest: no tree, or no path length")
        return cls(roots, feature, threshold, left, right, path, expected, columns)


def _shared(gains: Floats, beyond: Floats) -> Floats:
    """Return gains whose sum stays, shared by how far values are beyond all splits.

    There the trees see no difference: a value a whole range beyond the splits gains at least what columns do on
    average, even if the outermost value that the trees take it for is the most usual one, and less so the nearer it
    is. What is gained counts by its distance, so that the cuts that any column may get by chance count least. In
    `benchmarks/explain.py`, all columns at fault come first in 90% of the rows; by the gains alone in 54%.
    """
    gained = np.maximum(gains, 0.0)
    average = gained.mean(axis=1, keepdims=True)
    raised = gains + np.maximum(average - gains, 0.0) * np.minimum(beyond, 1.0)
    weighted = np.maximum(raised, 0.0) * (_WITHIN + beyond)
    total = weighted.sum(axis=1, keepdims=True)
    parts = np.minimum(raised, 0.0)
    parts += np.divide(weighted * gained.sum(axis=1, keepdims=True), total, out=np.zeros_like(gains), where=total > 0)
    # What usual values were raised by is taken from all columns evenly, which leaves their order as it is.
    shared: Floats = parts + (gains - parts).mean(axis=1, keepdims=True)
    return shared


def _moved(children: NDArray[np.int32], feature: NDArray[np.int32], by: int) -> NDArray[np.int32]:
    """Return the children of nodes that move to other places; those of leaves stay 0."""
    return np.where(feature >= 0, children + by, 0).astype(np.int32)


def _flatten(tree: Any, columns: NDArray[np.int64]) -> dict[str, NDArray[Any]]:  # noqa: ANN401 - a Cython type
    """Return one tree's nodes, with the leaves' path lengths."""
    left, right = tree.children_left, tree.children_right
    leaf = left < 0
    depth = np.zeros(tree.node_count)
    for node in np.flatnonzero(~leaf):  # parents come before their children
        depth[left[node]] = depth[right[node]] = depth[node] + 1.0
    return {
        "feature": np.where(leaf, -1, columns[np.maximum(tree.feature, 0)]).astype(np.int32),
        "threshold": np.where(leaf, 0.0, tree.threshold),
        "left": left,
        "right": right,
        "path": np.where(leaf, depth + expected_path(tree.n_node_samples), 0.0),
    }


def _levels(
    roots: NDArray[np.int32], feature: NDArray[np.int32], left: NDArray[np.int32], right: NDArray[np.int32]
) -> tuple[list[NDArray[np.int32]], Floats, NDArray[np.intp]]:
    """Return the nodes of each level of all trees, and of each node its depth and its tree."""
    depth, tree = np.zeros(len(feature)), np.zeros(len(feature), dtype=np.intp)
    tree[roots] = np.arange(len(roots))
    levels = [roots]
    while len(levels[-1]):
        inner = levels[-1][feature[levels[-1]] >= 0]
        for children in (left[inner], right[inner]):
            depth[children], tree[children] = depth[inner] + 1.0, tree[inner]
        levels.append(np.concatenate([left[inner], right[inner]]))
    return levels, depth, tree


def _as_float64(threshold: Floats) -> Floats:
    """Return the largest float64 values which, rounded to float32, do not exceed the thresholds.

    The kernel compares float32 values; comparing float64 ones with these gives the same answers.
    """
    within = np.clip(threshold, -2e9, 2e9)  # features lie within 1e9, and float32 ends at 3.4e38
    nearest = within.astype(np.float32)
    below = np.where(nearest > within, np.nextafter(nearest, np.float32(-np.inf)), nearest)
    above = np.nextafter(below, np.float32(np.inf))
    halfway = (below.astype(np.float64) + above.astype(np.float64)) / 2.0
    # Halfway rounds to the neighbour with the even last bit.
    return np.where(halfway.astype(np.float32) > within, np.nextafter(halfway, -np.inf), halfway)


def expected_path(samples: NDArray[Any]) -> Floats:
    """Return c(n), the mean path length of an unsuccessful search in a binary tree of n rows (equation 1)."""
    n = samples.astype(np.float64)
    many = np.maximum(n, 3.0)
    general = 2.0 * (np.log(many - 1.0) + np.euler_gamma) - 2.0 * (many - 1.0) / many
    return np.where(n > 2, general, np.where(n == 2, 1.0, 0.0))  # noqa: PLR2004 - the equation's cases


def rows_of_expected_path(path: Floats) -> Floats:
    """Return for how many rows c(n), as `expected_path` has it, is nearest: its inverse.

    Examples
    --------
    >>> rows_of_expected_path(expected_path(np.array([1, 2, 3, 256]))).tolist()
    [1.0, 2.0, 3.0, 256.0]
    """
    n = np.full(path.shape, 3.0)
    for _ in range(_STEPS):  # c(n) = 2 (ln(n - 1) + gamma - 1 + 1 / n), solved for the n in the logarithm
        n = 1.0 + np.exp(np.clip(path, 0.0, _LONGEST) / 2.0 - np.euler_gamma + 1.0 - 1.0 / n)
    return np.where(path < 0.5, 1.0, np.where(path < _BETWEEN_TWO_AND_THREE, 2.0, np.rint(n)))  # noqa: PLR2004 - halfway


_STEPS = 30
_LONGEST = 60.0  # of e^30 rows
_BETWEEN_TWO_AND_THREE = 1.1
