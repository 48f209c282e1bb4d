"""Cook's distance."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from adsql.detector import Capability, Effort, Params, Spec
from adsql.kernels.columns import standardised

if TYPE_CHECKING:
    from adsql.arrow import Floats

# Added to the correlations' diagonal, so that columns which repeat each other have an inverse.
_RIDGE = 1e-8
# The least that leverage leaves of 1, within rounding: a row that a regression passes through exactly.
_LEAST_FREEDOM = 1e-9


class CD:
    """How much a row alone bends the regressions of each column on the others, on average.

    Finds rows that break a linear relation of columns, and says so in a statistician's terms. With one column it
    is the squared deviation from the mean. A row far out weighs in the fit that judges it, so that groups of
    anomalies hide each other; `mcd` fits to the clean part. PyOD leaves the intercept out of the leverages and
    stretches each column's distances onto [0, 1]; Cook's formula, and this, do neither.

    References
    ----------
    R. D. Cook (1977): Detection of influential observation in linear regression. Technometrics.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.linspace(0.0, 1.0, 50)
    >>> X = np.column_stack([x, 2.0 * x + np.sin(37.0 * x) / 100.0])
    >>> X[40, 1] = 0.0
    >>> int(CD.rank(X, {}, 0).argmax())
    40
    """

    spec: ClassVar[Spec] = Spec(
        name="cd",
        summary="How much a row alone bends the linear relations between the columns.",
        score="Cook's distance, mean over the columns as responses",
        parameters=(),
        capability=Capability.FIT_ONLY,
        cost="O(n d^2 + d^3)",
        references=("Cook 1977, Technometrics",),
        aliases=("cooks_distance",),
        max_rows=100_000,
        effort=Effort(seconds=0.002, power=1.0),
        instead="mcd",
    )

    @classmethod
    def rank(cls, X: Floats, params: Params, seed: int) -> Floats:  # noqa: ARG003 - nothing is drawn
        """Return scores of features of shape (n, d).

        One inverse of the correlations serves the regressions of all columns: with Z the standardised columns, P
        the inverse and W = Z P, the residuals of column j are W_j / P_jj, and leaving it out of the regressors
        lowers the leverage, 1/n + z'Pz, by W_j^2 / P_jj.
        """
        n, d = X.shape
        Z = standardised(X)
        inverse = np.linalg.inv(Z.T @ Z + _RIDGE * n * np.eye(d))
        W = Z @ inverse
        residuals = W / np.diag(inverse)
        leverage = (1.0 / n + (W * Z).sum(axis=1))[:, None] - W * residuals
        squares = residuals**2
        # As many coefficients as regressors and an intercept: d in all. Wide tables have no freedom left to divide by.
        variance = squares.sum(axis=0) / max(n - d, 1)
        freedom = np.maximum(1.0 - leverage, _LEAST_FREEDOM)
        used = variance > 0
        distances = squares[:, used] / (d * variance[used]) * (leverage / freedom**2)[:, used]
        scores: Floats = distances.sum(axis=1) / d
        return scores
