"""Local correlation integral."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from adsql.detector import Capability, Effort, Parameter, Params, Spec
from adsql.kernels.pairs import loci_scores

if TYPE_CHECKING:
    from adsql.arrow import Floats

_LEAST_ROWS = 20  # that a neighbourhood must hold for its mean and deviation to mean anything (section 3.2)
# All radii would cost the cube of the rows, and rank 500 rows the same to 0.95 or better (Spearman).
_RADII = 100


class LOCI:
    """How many deviations a row has fewer neighbours than the rows around it, at the radius where that is most.

    Looks at radii of all sizes, so that nothing has to be chosen: both single rows and small groups far from the
    others are found. A score above 3 marks an anomaly in the paper. Radii that hold fewer than 20 rows do not count; in
    tables of fewer rows, only those that hold all. Of the radii at which a count changes, 100 are looked at, evenly
    chosen: all of them would cost the cube of the rows. PyOD takes the first radius at which a row exceeds 3
    deviations, or else the last one; this takes the largest deviation. Fails on coarsely rounded values, where most
    counts change at the same few radii.

    References
    ----------
    S. Papadimitriou, H. Kitagawa, P. B. Gibbons, C. Faloutsos (2003): LOCI: fast outlier detection using the local
    correlation integral. ICDE.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.vstack([np.random.default_rng(0).normal(size=(200, 2)), [[9.0, 9.0]]])
    >>> scores = LOCI.rank(X, LOCI.spec.resolve({}), 0)
    >>> int(scores.argmax()), bool(scores[200] > 3)
    (200, True)
    """

    spec: ClassVar[Spec] = Spec(
        name="loci",
        summary="How many deviations fewer neighbours a row has than those around it, at the worst radius.",
        score="deviations from the mean count of neighbours; above 3 in the paper's sense strange",
        parameters=(
            Parameter("alpha", 0.5, "Radius of the counting neighbourhood, as a share.", float, 0.0, 1.0, True),
        ),
        capability=Capability.FIT_ONLY,
        cost="O(n^3) time, O(n^2) memory",
        references=("Papadimitriou, Kitagawa, Gibbons and Faloutsos 2003, ICDE",),
        aliases=("local_correlation_integral",),
        max_rows=1_000,
        effort=Effort(seconds=2.0, power=2.0, matrices=2.0),
        instead="lof",
    )

    @classmethod
    def rank(cls, X: Floats, params: Params, seed: int) -> Floats:  # noqa: ARG003 - nothing is drawn
        """Return scores of features of shape (n, d)."""
        least = min(_LEAST_ROWS, len(X))
        return loci_scores(X, np.ascontiguousarray(X.T), float(params["alpha"] or 0.0), least, _RADII)
