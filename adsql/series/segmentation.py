"""Where independent normal values change: the narrowest of many intervals in which a change stands out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from adsql.kernels.contrasts import JUMP, KINK, STEP, largest_contrasts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adsql.arrow import Floats

MIN_SEGMENT = 8  # points between two changes
_NEAR = 3 * MIN_SEGMENT
_DECAY = np.sqrt(0.5)  # of the intervals' lengths
_ROUNDING = 1e-9
_LARGEST = 1e6
# The largest contrast of independent normal values over all intervals, as a Gumbel variable: its location and scale by
# the number of points, for a step, a jump and a kink. From 500 to 4,000 simulated series of each length.
_LENGTHS = np.log2([32, 64, 128, 256, 512, 1024, 2048, 4096])
_LOCATIONS = {
    STEP: [1.57, 2.16, 2.58, 2.92, 3.22, 3.47, 3.68, 3.90],
    JUMP: [1.87, 2.44, 2.84, 3.12, 3.42, 3.66, 3.83, 4.06],
    KINK: [1.41, 2.02, 2.46, 2.77, 3.07, 3.30, 3.51, 3.72],
}
_SCALES = {
    STEP: [0.44, 0.38, 0.35, 0.33, 0.30, 0.30, 0.27, 0.27],
    JUMP: [0.40, 0.36, 0.32, 0.32, 0.29, 0.27, 0.26, 0.25],
    KINK: [0.45, 0.39, 0.35, 0.32, 0.29, 0.28, 0.27, 0.27],
}
_PER_DOUBLING = 0.24  # of the location, beyond the longest


class Found(NamedTuple):
    """A change: the first point behind it, its form, its contrast, and how sure it is."""

    place: int
    form: int
    contrast: float
    confidence: float


def intervals(n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the starts and ends of the intervals that are looked at: fewer than n, of O(n log n) points together.

    >>> starts, stops = intervals(32)
    >>> list(zip(starts.tolist(), stops.tolist()))
    [(0, 32), (0, 23), (4, 27), (9, 32), (0, 16), (8, 24), (16, 32)]
    """
    found: dict[tuple[int, int], None] = {}
    length = float(n)
    while length >= 2.0 * MIN_SEGMENT:
        size = int(np.ceil(length - _ROUNDING))
        count = 2 * int(np.ceil(n / length - _ROUNDING)) - 1
        for start in np.floor(np.linspace(0, n - size, count)).astype(int).tolist():
            found[start, start + size] = None
        length *= _DECAY
    pairs = np.array(list(found), np.int64).reshape(-1, 2)
    return np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])


def threshold(n: int, form: int, sensitivity: float) -> float:
    """Return what the largest contrast of n normal values exceeds with a probability."""
    location, scale = _gumbel(n, form)
    return float(location - scale * np.log(-np.log1p(-sensitivity)))


def _confidence(n: int, form: int, contrast: float) -> float:
    location, scale = _gumbel(n, form)
    return float(np.exp(-np.exp(-(contrast - location) / scale)))


def _gumbel(n: int, form: int) -> tuple[float, float]:
    length = np.log2(n)
    beyond = max(length - _LENGTHS[-1], 0.0) * _PER_DOUBLING
    location = float(np.interp(length, _LENGTHS, _LOCATIONS[form])) + beyond
    return location, float(np.interp(length, _LENGTHS, _SCALES[form]))


def segmented(z: Floats, forms: Sequence[int], sensitivity: float) -> list[Found]:
    """Find the changes of independent values with variance 1, in their order.

    Parameters
    ----------
    z
        Shape (n,).
    forms
        What may change: `STEP`, or `JUMP` and `KINK`.
    sensitivity
        The probability that a change is found in noise.

    Notes
    -----
    O(n log n), and as many steps for each change as there are intervals.

    Examples
    --------
    >>> z = np.random.default_rng(0).normal(size=200)
    >>> z[120:] += 4.0
    >>> [found.place for found in segmented(z, (JUMP, KINK), 0.01)]
    [120]
    """
    n = len(z)
    starts, stops = intervals(n)
    limits = [threshold(n, form, sensitivity / len(forms)) for form in forms]
    best = [largest_contrasts(z, starts, stops, MIN_SEGMENT, form) for form in forms]
    over = np.max([contrast / limit for (contrast, _), limit in zip(best, limits, strict=True)], axis=0)
    better = np.argmax([contrast for contrast, _ in best], axis=0)
    places: list[int] = []
    for i in np.lexsort((-over, stops - starts)):
        if over[i] > 1.0 and not any(starts[i] < place < stops[i] for place in places):
            places.append(int(best[better[i]][1][i]))
    return _confirmed(z, sorted(places), forms, limits)


def _confirmed(z: Floats, places: list[int], forms: Sequence[int], limits: Sequence[float]) -> list[Found]:
    """Return the changes that still stand out between their neighbours, where each stands out most."""
    n, kept = len(z), _merged(z, places, forms, limits)
    while True:
        edges = [0, *kept, n]
        starts, stops = np.array(edges[:-2], np.int64), np.array(edges[2:], np.int64)
        best = [largest_contrasts(z, starts, stops, MIN_SEGMENT, form) for form in forms]
        contrasts = np.array([contrast for contrast, _ in best])
        over = (contrasts / np.array(limits)[:, np.newaxis]).max(axis=0) if kept else np.zeros(0)
        if not kept or over.min() > 1.0:
            break
        del kept[int(over.argmin())]
    found: dict[int, Found] = {}
    for i in range(len(kept)):
        j = int(contrasts[:, i].argmax())
        place, contrast = int(best[j][1][i]), float(contrasts[j, i])
        found[place] = Found(place, forms[j], min(contrast, _LARGEST), _confidence(n, forms[j], contrast))
    return [found[place] for place in sorted(found)]


def _merged(z: Floats, places: Sequence[int], forms: Sequence[int], limits: Sequence[float]) -> list[int]:
    """Put two changes that are near each other together where one, in their place, leaves nothing to explain.

    In a narrow interval a jump looks much like two kinks.
    """
    kept = list(places)
    i = 0
    while i + 1 < len(kept):
        if kept[i + 1] - kept[i] <= _NEAR:
            first, last = ([0, *kept, len(z)][j] for j in (i, i + 3))
            starts, stops = np.array([first], np.int64), np.array([last], np.int64)
            best = [largest_contrasts(z, starts, stops, MIN_SEGMENT, form) for form in forms]
            place = int(best[int(np.argmax([contrast[0] for contrast, _ in best]))][1][0])
            sides = np.array([first, place], np.int64), np.array([place, last], np.int64)
            left = [largest_contrasts(z, *sides, MIN_SEGMENT, form)[0].max() for form in forms]
            if all(contrast <= limit for contrast, limit in zip(left, limits, strict=True)):
                kept[i : i + 2] = [place]
                i = max(i - 1, 0)
                continue
        i += 1
    return kept
