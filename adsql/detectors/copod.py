"""Copula-based outlier detection."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from adsql.detector import Capability, Spec
from adsql.detectors.ecod import ECOD
from adsql.kernels.columns import copula_surprise

if TYPE_CHECKING:
    from adsql.arrow import Floats


class COPOD(ECOD):
    """Sum over the columns of -ln of the tail probability on the side that the skewness points to.

    At least the mean of both tails counts; in a column without skewness, their sum. This is the score of the
    authors' program, which decides for each column; algorithm 1 of the paper decides once for all columns, which
    ranks anomalies less well (mean AUC-ROC 74 instead of 76 on the sets of `benchmarks/accuracy.py`). Each
    column is judged alone, and a value beyond all m training values has probability 1 / (m + 1): how far beyond
    makes no difference. In a skewed column, values on the short side are hardly strange. PyOD's implementation
    scores a row together with its batch; this one looks at the training data only, which gives PyOD's training
    scores on training rows.

    References
    ----------
    Z. Li, Y. Zhao, N. Botta, C. Ionescu, X. Hu (2020): COPOD: copula-based outlier detection. ICDM.

    Examples
    --------
    >>> import numpy as np
    >>> fitted = COPOD.fit(np.array([[1.0], [2.0], [3.0], [4.0], [9.0]]), {}, 0)
    >>> fitted.score(np.array([[3.0], [9.0]])).round(3).tolist()
    [0.511, 1.609]
    """

    spec: ClassVar[Spec] = Spec(
        name="copod",
        summary="Like ecod, but mostly looks at the long tail of each column; no parameter to set.",
        score="sum over the columns of -ln(tail probability)",
        parameters=(),
        capability=Capability.ROWS,
        cost="fit O(nd log n), score O(d log n) a row",
        references=("Li et al. 2020, ICDM",),
        aliases=("copula_based_outlier_detection",),
    )

    def score(self, X: Floats) -> Floats:
        """Return scores, shape (n,)."""
        return copula_surprise(X, self.ordered, self.side)
