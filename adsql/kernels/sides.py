"""Forecasts from before and from behind, made one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.compiled import kernel

if TYPE_CHECKING:
    from adsql.arrow import Floats

_MEMORY = 0.8  # of how wrong a side was lately
_WORST = 10.0
_FLOOR = 0.3


@kernel
def joined(
    x: Floats, expected: Floats, scale: Floats, expected_back: Floats, scale_back: Floats
) -> tuple[Floats, Floats]:
    """Return the mean of two forecasts and of their errors, the one weighing more that was right lately.

    All arrays have shape (n,). How wrong the backward forecast was is known from the points behind.
    """
    n = x.shape[0]
    wrong, wrong_back = np.empty(n), np.empty(n)
    memory = 1.0
    for t in range(n):
        wrong[t] = memory
        error = abs(x[t] - expected[t])
        if not np.isnan(error):
            size = min(error / scale[t], _WORST) if scale[t] > 0.0 else (0.0 if error == 0.0 else _WORST)
            memory = _MEMORY * memory + (1.0 - _MEMORY) * size
    memory = 1.0
    for t in range(n - 1, -1, -1):
        wrong_back[t] = memory
        error = abs(x[t] - expected_back[t])
        if not np.isnan(error):
            size = min(error / scale_back[t], _WORST) if scale_back[t] > 0.0 else (0.0 if error == 0.0 else _WORST)
            memory = _MEMORY * memory + (1.0 - _MEMORY) * size
    result, spread = np.empty(n), np.empty(n)
    for t in range(n):
        if np.isnan(expected[t]):
            result[t], spread[t] = expected_back[t], scale_back[t]
        elif np.isnan(expected_back[t]):
            result[t], spread[t] = expected[t], scale[t]
        else:
            a = 1.0 / (_FLOOR + wrong[t]) ** 4
            b = 1.0 / (_FLOOR + wrong_back[t]) ** 4
            result[t] = expected[t] + b / (a + b) * (expected_back[t] - expected[t])
            spread[t] = scale[t] + b / (a + b) * (scale_back[t] - scale[t])
    return result, spread
