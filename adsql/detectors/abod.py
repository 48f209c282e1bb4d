"""Angle-based outlier detection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from adsql.detector import Capability, Parameter, Params, Spec
from adsql.detectors.knn import draw_reference
from adsql.kernels.angles import angle_surprise
from adsql.state import State, require

if TYPE_CHECKING:
    from adsql.arrow import Floats


@dataclass(frozen=True)
class ABOD:
    """-ln(variance of the angles to pairs of near rows of a sample, each weighted by its distances).

    From inside a table other rows lie in all directions; from outside they lie in one. The angle to a pair is
    <a, b> / (|a|^2 |b|^2), where a and b lead from the row to two of its k nearest. As in PyOD the pairs' plain
    variance counts; the paper weights pairs by 1 / (|a| |b|) once more, which on the 22 ADBench sets of
    `benchmarks/accuracy.py` ranks 2 points of AUC-ROC worse. The logarithm ranks alike and keeps scores, which
    range over dozens of orders of magnitude, comparable.

    At most `reference_size` of the distinct training rows are kept, drawn at random; small samples
    rank better, since anomalies that lie together are rarely drawn together. A row does not count itself: one
    neighbour at distance zero is left out, for every row alike. A row with less than two others apart from it
    has the lowest score, -691. Fails with one or two columns, where there are few directions, and gives the
    highest score, 691, to every row whose neighbours leave no variance, as a single pair does.

    Parameters
    ----------
    reference : ndarray of shape (d, m)
        The rows to compare with, column by column.
    n_neighbors : int
        k.

    References
    ----------
    H.-P. Kriegel, M. Schubert, A. Zimek (2008): Angle-based outlier detection in high-dimensional data. KDD.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.vstack([np.random.default_rng(0).normal(size=(200, 2)), [[9.0, -9.0]]])
    >>> int(ABOD.fit(X, ABOD.spec.resolve({}), 0).score(X).argmax())
    200
    """

    reference: Floats
    n_neighbors: int

    spec: ClassVar[Spec] = Spec(
        name="abod",
        summary="Whether other rows lie in all directions or in one; for tables of many columns.",
        score="-ln(variance of the weighted angles to pairs of neighbours)",
        parameters=(
            Parameter("n_neighbors", 10, "Neighbours to form pairs of.", int, 2, 100),
            Parameter("reference_size", 500, "Distinct training rows to compare with.", int, 2, 10_000),
        ),
        capability=Capability.ROWS,
        cost="fit O(n log n), score O(d * (reference_size + n_neighbors^2)) a row",
        references=("Kriegel, Schubert and Zimek 2008, KDD",),
        aliases=("angle_based_outlier_detection",),
    )

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:
        """Fit to features of shape (n, d)."""
        reference = draw_reference(np.unique(X, axis=0), int(params["reference_size"] or 0), seed)
        return cls(reference, int(params["n_neighbors"] or 0))

    @property
    def n_features(self) -> int:
        """Columns of X."""
        return len(self.reference)

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        return angle_surprise(X, self.reference, self.n_neighbors)

    def to_state(self) -> State:
        """Return what is stored."""
        return State({"n_neighbors": self.n_neighbors}, {"reference": self.reference})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore and check."""
        reference, n_neighbors = state.floats("reference", 2), state.scalar("n_neighbors", int)
        require(reference.size > 0 and 1 < n_neighbors <= 100, "abod: nothing to compare with")  # noqa: PLR2004
        return cls(reference, n_neighbors)
