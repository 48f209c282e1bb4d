"""k-Shape: the shapes that a series' windows are of, and how far each window is from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adsql.kernels.windows import covering_mean
from adsql.linear_algebra import on_one_thread
from adsql.series.periods import normalised
from adsql.series.window_neighbours import shape_period

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adsql.arrow import Floats

CLUSTERS = 3
LEARNED = 500  # windows that are clustered
_ITERATIONS = 20
_FLAT = 1e-6  # of the series' standard deviation
_BLOCK = 1_024
_STRIDE = 4  # as many windows are scored within a window's length; those between share their neighbours' scores


@on_one_thread
def k_shape(values: Floats, width: int | None = None, n_clusters: int = CLUSTERS, seed: int = 0) -> Floats:
    """Score points by how unlike the usual shapes the windows that cover them are.

    Windows are z-normalised and clustered by shape: their distance is 1 less the largest correlation over all shifts,
    and a cluster's shape is the one that correlates most with its shifted windows. A window's score is its mean
    distance to the shapes, weighted by how many windows are of each. Level and size do not count. Retrospective.

    Parameters
    ----------
    values
        Shape (n,); NaN is interpolated.
    width
        Points in a window; None for the highest peak of the autocorrelation, 125 where there is none.
    n_clusters
        Shapes.
    seed
        For the windows that are clustered, and where the clusters begin.

    Returns
    -------
    ndarray of shape (n,)
        From 0 to 2; zeros where not even two windows fit.

    Notes
    -----
    O(n k log width + width^3). Where windows have no common shape, as in noise, all are equally far off.

    References
    ----------
    Paparrizos, Gravano: k-Shape, 2015. Boniol and others: SAND, 2021, weighs shapes to find anomalies.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.sin(np.arange(1_000) / 5.0)
    >>> values[500:530] = np.sin(np.arange(30) / 1.5)
    >>> bool(480 < k_shape(values).argmax() < 550)
    True
    """
    x = normalised(values)
    n = len(x)
    if not x.any():
        return np.zeros(len(values))
    length = shape_period(x) if width is None else max(width, 3)
    if n < 2 * length:
        return np.zeros(len(values))
    rng = np.random.default_rng(seed)
    every = np.lib.stride_tricks.sliding_window_view(x, length)
    places = rng.permutation(len(every))[:LEARNED]
    shapes, weights = cluster_shapes(_normalised_rows(every[np.sort(places)]), n_clusters, rng)
    stride = max(length // _STRIDE, 1)
    scored = every[::stride]
    distances = np.concatenate(
        [
            shape_distances(_normalised_rows(scored[first : first + _BLOCK]), shapes)[0]
            for first in range(0, len(scored), _BLOCK)
        ]
    )
    return covering_mean(np.repeat(distances @ weights, stride)[: len(every)], length, n)


def cluster_shapes(windows: Floats, k: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return shapes of at most k clusters, (k, w), and each cluster's share of the windows.

    Parameters
    ----------
    windows
        Shape (m, w), each z-normalised to norm 1, or zeros.
    k
        Clusters; empty ones are left out.
    rng
        Says where clusters begin.
    """
    m = len(windows)
    member = rng.integers(0, k, m)
    shapes = np.zeros((k, windows.shape[1]))
    for _ in range(_ITERATIONS):
        _, shifts = shape_distances(windows, shapes)
        for cluster in range(k):
            mine = member == cluster
            shapes[cluster] = _extracted(_shifted(windows[mine], shifts[mine, cluster]))
        distances, _ = shape_distances(windows, shapes)
        nearest = distances.argmin(axis=1)
        if (nearest == member).all():
            break
        member = nearest
    sizes = np.bincount(member, minlength=k)
    return shapes[sizes > 0], sizes[sizes > 0] / m


def shape_distances(windows: Floats, shapes: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Return 1 less the largest cross-correlation of windows with shapes, (m, k), and the windows' shifts there.

    All are of norm 1, or zeros; a shape of zeros has the distance 1 and the shift 0.
    """
    w = windows.shape[1]
    size = 1 << int(np.ceil(np.log2(2 * w - 1)))
    products = np.fft.rfft(shapes, size)[np.newaxis] * np.conj(np.fft.rfft(windows, size))[:, np.newaxis]
    correlations = np.fft.irfft(products, size)
    lags = np.concatenate([np.arange(w), np.arange(-(w - 1), 0)])
    correlations = np.concatenate([correlations[..., :w], correlations[..., size - w + 1 :]], axis=-1)
    best = correlations.argmax(axis=-1)
    highest = np.take_along_axis(correlations, best[..., np.newaxis], axis=-1)[..., 0]
    known = shapes.any(axis=1)
    return np.where(known, 1.0 - highest, 1.0), np.where(known, lags[best], 0)


def _extracted(windows: Floats) -> Floats:
    """Return the shape that correlates most with aligned windows: the first eigenvector of their products."""
    w = windows.shape[1]
    if not windows.any():
        return np.zeros(w)
    centred = windows - windows.mean(axis=1, keepdims=True)
    shape: Floats = np.linalg.eigh(centred.T @ centred)[1][:, -1]
    # An eigenvector has no sign: the one of most of the windows.
    sign = np.sign((centred @ shape).sum()) or 1.0
    normalised_shape: Floats = _normalised_rows(sign * shape[np.newaxis])[0]
    return normalised_shape


def _shifted(windows: Floats, shifts: NDArray[np.int64]) -> Floats:
    """Return rows moved by their shifts, with zeros where nothing moves in."""
    places = np.arange(windows.shape[1]) - shifts[:, np.newaxis]
    inside = (places >= 0) & (places < windows.shape[1])
    moved: Floats = np.where(inside, np.take_along_axis(windows, np.where(inside, places, 0), axis=1), 0.0)
    return moved


def _normalised_rows(windows: Floats) -> Floats:
    centred = windows - windows.mean(axis=1, keepdims=True)
    norms = np.sqrt((centred**2).sum(axis=1, keepdims=True))
    usable = norms > _FLAT * np.sqrt(windows.shape[1])
    rows: Floats = np.where(usable, centred / np.where(usable, norms, 1.0), 0.0)
    return rows
