"""The default detector."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from adsql.detector import Capability, Parameter, Params, Spec
from adsql.detectors.knn import KNN, draw_reference

if TYPE_CHECKING:
    from adsql.arrow import Floats


class Auto(KNN):
    """Mean distance to the 25 nearest of a sample of 1,000 rows, on robustly scaled columns.

    A small sample is no compromise: anomalies that lie together are rarely drawn together, so that they do
    not vouch for each other as they do under `knn` with all rows. On the 22 ADBench sets of
    `benchmarks/accuracy.py` it ranks anomalies better than the other detectors of this package (mean AUC-ROC
    84), in time linear in the rows. Fails where dense and sparse regions are both normal.

    References
    ----------
    M. Sugiyama, K. Borgwardt (2013): Rapid distance-based outlier detection via sampling. NIPS.
    G. Pang, K. M. Ting, D. Albrecht (2015): LeSiNN: detecting anomalies by identifying least similar nearest
    neighbours. ICDMW.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.vstack([np.random.default_rng(0).normal(size=(200, 2)), [[9.0, -9.0]]])
    >>> int(Auto.fit(X, Auto.spec.resolve({}), 0).score(X).argmax())
    200
    """

    spec: ClassVar[Spec] = Spec(
        name="auto",
        summary="The default: mean distance to the nearest rows of a sample. Accurate, linear, nothing to tune.",
        score="mean Euclidean distance, each column in robust standard deviations",
        parameters=(
            Parameter("n_neighbors", 25, "Neighbours to average over.", int, 1, 1_000),
            Parameter("reference_size", 1_000, "Training rows to compare with.", int, 2, 100_000),
        ),
        capability=Capability.ROWS,
        cost="fit O(nd), score O(d * reference_size) a row",
        references=("Sugiyama and Borgwardt 2013, NIPS", "Pang, Ting and Albrecht 2015, ICDMW"),
        aliases=(),
    )

    @classmethod
    def fit(cls, X: Floats, params: Params, seed: int) -> Self:
        """Fit to features of shape (n, d)."""
        reference = draw_reference(X, int(params["reference_size"] or 0), seed)
        return cls(reference, int(params["n_neighbors"] or 0), "mean")

    def description(self) -> dict[str, str]:
        """Return the rule by which it judges, and why."""
        rows = self.reference.shape[1]
        return {
            "rule": f"mean distance to the {min(self.n_neighbors, rows)} nearest of {rows:,} training rows. They are "
            "few because anomalies that lie together are then rarely drawn together, and do not vouch for each other. "
            "It is the default for its accuracy on public data, at a cost that is linear in the rows.",
        }
