"""Every algorithm for series: what it is called, what it can do, and what runs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from adsql.detector import Capability, Parameter, Params, Spec
from adsql.series import (
    channels,
    half_space_trees,
    k_shape,
    matrix_profile,
    online,
    online_robust_z,
    spectral_residual,
    sub_pca,
    window_neighbours,
)
from adsql.series.bounds import bulk_deviates
from adsql.series.decomposition import decompose
from adsql.series.ets import ets, ets_forecasts
from adsql.series.expectation import causal_rarity
from adsql.series.forecasts import Forecasts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adsql.arrow import Floats
    from adsql.series.covariates import Covariates
    from adsql.series.expectation import Expected

_UNIT = 2.326  # the normal deviate of the 99% quantile, which novelty is measured in


class Mode(StrEnum):
    """What a point's result may use."""

    RETROSPECTIVE = "retrospective"  # the whole series
    CAUSAL = "causal"  # the points before it


class Task(NamedTuple):
    """What an algorithm is asked for: all parameters, the mode, seasons in points if they were given, and a seed."""

    params: Params
    mode: Mode
    periods: tuple[int, ...] | None = None
    seed: int = 0
    covariates: Covariates | None = None
    repeats: int | None = None  # the longest season that was found, if another algorithm sought any


@dataclass(frozen=True)
class SeriesAlgorithm:
    """An algorithm for series, and what it can do.

    Parameters
    ----------
    spec
        Its name, parameters and description.
    modes
        What its results can be.
    expect
        From values of shape (n,) and a task: what is expected, with bounds. None if the algorithm expects nothing.
    forecast
        From values of shape (n,) and seasons in points, or None to find them: what is kept to forecast later points.
        None if the algorithm forecasts nothing.
    score
        From values of shape (n, d) and a task: how strange each point is, shape (n,), higher is stranger. None if
        it has nothing but what it expects.
    shared
        The same with what each value has to do with it: shares of shape (n, d). It stands in for `score`.
    rarity
        From such scores: how rare they are, as normal deviates of at least 0.
    several
        Whether it takes several values a time.
    explains
        Whether what it expects makes use of covariates.
    beside
        By mode: the algorithm whose verdicts are put together with this one's.
    """

    spec: Spec
    modes: tuple[Mode, ...]
    expect: Callable[[Floats, Task], Expected] | None = None
    forecast: Callable[[Floats, tuple[int, ...] | None], Forecasts | None] | None = None
    score: Callable[[Floats, Task], Floats] | None = None
    shared: Callable[[Floats, Task], tuple[Floats, Floats]] | None = None
    rarity: Callable[[Floats], Floats] = bulk_deviates
    several: bool = False
    explains: bool = False
    beside: Mapping[Mode, SeriesAlgorithm] = field(default_factory=dict)


DECOMPOSITION = SeriesAlgorithm(
    Spec(
        "decomposition",
        "Level, slope and seasons by robust smoothing, forwards and backwards; bounds that hold for new points.",
        "How rare the deviation from the expected value is, as a normal deviate.",
        (),
        Capability.SERIES,
        "O(n log n)",
        ("Gelper, Fried, Croux 2010: Robust forecasting with exponential and Holt-Winters smoothing",),
    ),
    (Mode.RETROSPECTIVE, Mode.CAUSAL),
    expect=lambda values, task: decompose(
        values, task.periods, causal=task.mode is Mode.CAUSAL, covariates=task.covariates
    ),
    explains=True,
    forecast=Forecasts.fit,
)
WINDOWS = SeriesAlgorithm(
    Spec(
        "window_neighbours",
        "Windows of one to three periods against their nearest others: strange shapes.",
        "Sum over the window lengths of the mean distance to the nearest windows, in standard deviations.",
        (Parameter("n_neighbors", window_neighbours.NEIGHBOURS, "Windows that count.", int, minimum=1, maximum=100),),
        Capability.SERIES,
        "O(n min(n, 500))",
        ("Ramaswamy, Rastogi, Shim 2000: Efficient algorithms for mining outliers from large data sets",),
        aliases=("window_neighbors",),
    ),
    (Mode.RETROSPECTIVE,),
    score=lambda X, task: window_neighbours.window_neighbours(
        X[:, 0], task.periods[0] if task.periods else None, task.params["n_neighbors"], task.seed, task.repeats
    ),
)
CHANNELS = SeriesAlgorithm(
    Spec(
        "channel_neighbours",
        "All values of a time against those of other times, averaged over a while: strange states.",
        "Sum over four averages of the distance to the nearest rows, in standard deviations.",
        (Parameter("n_neighbors", channels.NEIGHBOURS, "Rows that count.", int, minimum=1, maximum=1_000),),
        Capability.SERIES,
        "O(n d)",
        ("Ramaswamy, Rastogi, Shim 2000: Efficient algorithms for mining outliers from large data sets",),
        aliases=("channel_neighbors",),
    ),
    (Mode.RETROSPECTIVE,),
    shared=lambda X, task: channels.channel_neighbours(X, task.params["n_neighbors"], task.seed),
    several=True,
)
ONLINE = SeriesAlgorithm(
    Spec(
        "stream_novelty",
        "Values, levels and shapes unlike everything before; an incident is told once.",
        "Distance to the nearest of the past, in units of the 99% quantile of such distances before.",
        (Parameter("quiet", online.QUIET, "Points for which an alert silences weaker ones.", int, minimum=0),),
        Capability.SERIES,
        "O(n min(n, 8000))",
        ("Burnaev, Ishimtsev 2016: Conformalized density- and distance-based anomaly detection in time-series data",),
    ),
    (Mode.CAUSAL,),
    score=lambda X, task: online.stream_novelty(X[:, 0], task.params["quiet"]),
    rarity=lambda scores: np.multiply(scores, _UNIT),
)
ETS = SeriesAlgorithm(
    Spec(
        "ets",
        "Exponential smoothing of level, slope and seasons with fitted gains; bounds from its forecast errors.",
        "How rare the deviation from the forecast is, as a normal deviate.",
        (),
        Capability.SERIES,
        "O(n log n)",
        ("Hyndman, Koehler, Ord, Snyder 2008: Forecasting with Exponential Smoothing",),
    ),
    (Mode.RETROSPECTIVE, Mode.CAUSAL),
    expect=lambda values, task: ets(values, task.periods, causal=task.mode is Mode.CAUSAL, covariates=task.covariates),
    explains=True,
    forecast=ets_forecasts,
)
ROBUST_Z = SeriesAlgorithm(
    Spec(
        "online_robust_z",
        "Values against the median of those before them, in units of their median distance from it.",
        "How rare the deviation from the median is, as a normal deviate.",
        (Parameter("window", online_robust_z.WINDOW, "Values that count.", int, minimum=12, maximum=10_000),),
        Capability.SERIES,
        "O(n window)",
        ("Hampel 1974: The influence curve and its role in robust estimation",),
    ),
    (Mode.CAUSAL,),
    expect=lambda values, task: online_robust_z.online_robust_z(values, task.params["window"]),
)
_WIDTH = Parameter(
    "window", "auto", "Points in a window; the shortest period if not given.", int, minimum=3, maximum=1_000,
    choices=("auto",),
)  # fmt: skip
PROFILE = SeriesAlgorithm(
    Spec(
        "matrix_profile",
        "Windows, each normalised, against their nearest other: discords.",
        "Mean distance to the nearest window of those that cover the point.",
        (_WIDTH,),
        Capability.SERIES,
        "O(n min(n, 5000))",
        ("Yeh and others 2016: Matrix profile I",),
    ),
    (Mode.RETROSPECTIVE,),
    score=lambda X, task: matrix_profile.matrix_profile(X[:, 0], _width(task), task.seed),
)
RESIDUAL = SeriesAlgorithm(
    Spec(
        "spectral_residual",
        "What stands out of the series once the usual of its spectrum is taken away.",
        "Saliency over the mean of the saliencies around it, less 1.",
        (
            Parameter(
                "window",
                spectral_residual.COMPARED,
                "Points that each is compared with.",
                int,
                minimum=3,
                maximum=1_000,
            ),
        ),
        Capability.SERIES,
        "O(n log n)",
        ("Ren and others 2019: Time-series anomaly detection service at Microsoft",),
    ),
    (Mode.RETROSPECTIVE,),
    score=lambda X, task: spectral_residual.spectral_residual(X[:, 0], task.params["window"]),
)
SUB_PCA = SeriesAlgorithm(
    Spec(
        "sub_pca",
        "Windows against the principal components of windows.",
        "Mean squared distance along the components over their variances, of the windows that cover the point.",
        (_WIDTH,),
        Capability.SERIES,
        "O(n window^2 + window^3)",
        ("Shyu and others 2003: A novel anomaly detection scheme based on principal component classifier",),
    ),
    (Mode.RETROSPECTIVE,),
    score=lambda X, task: sub_pca.sub_pca(X[:, 0], _width(task), task.seed),
)
K_SHAPE = SeriesAlgorithm(
    Spec(
        "k_shape",
        "Windows against the few shapes that most of them are of.",
        "Mean distance to the shapes, weighted by how many windows are of each.",
        (_WIDTH, Parameter("n_clusters", k_shape.CLUSTERS, "Shapes.", int, minimum=1, maximum=20)),
        Capability.SERIES,
        "O(n n_clusters log window + window^3)",
        ("Paparrizos, Gravano 2015: k-Shape",),
    ),
    (Mode.RETROSPECTIVE,),
    score=lambda X, task: k_shape.k_shape(X[:, 0], _width(task), task.params["n_clusters"], task.seed),
)
HALF_SPACES = SeriesAlgorithm(
    Spec(
        "half_space_trees",
        "All values of the last few times in parts of space that were empty lately.",
        "Logarithm of how much fuller the space was on the whole in the last window.",
        (
            Parameter("n_trees", half_space_trees.TREES, "Trees.", int, minimum=1, maximum=1_000),
            Parameter(
                "window",
                half_space_trees.WINDOW,
                "Points that later ones are judged by.",
                int,
                minimum=24,
                maximum=100_000,
            ),
            Parameter(
                "shingle", half_space_trees.SHINGLE, "Points that are a place together.", int, minimum=1, maximum=100
            ),
        ),
        Capability.SERIES,
        "O(n n_trees)",
        ("Tan, Ting, Liu 2011: Fast anomaly detection for streaming data",),
    ),
    (Mode.CAUSAL,),
    score=lambda X, task: half_space_trees.half_space_trees(
        X, task.params["n_trees"], task.params["window"], task.params["shingle"], task.seed
    ),
    rarity=causal_rarity,
    several=True,
)
# What `auto` is for one value.
AUTO = SeriesAlgorithm(
    Spec(
        "auto",
        "What decomposition expects, and strange stretches besides: shapes in retrospect, novelty in a stream.",
        "How rare the stretch is, as a normal deviate, plus log(1 + d) / 4 for a value d deviates off.",
        (),
        Capability.SERIES,
        "O(n log n) + O(n min(n, 500)); causal O(n min(n, 8000))",
        (),
    ),
    DECOMPOSITION.modes,
    expect=DECOMPOSITION.expect,
    explains=True,
    forecast=DECOMPOSITION.forecast,
    beside={Mode.RETROSPECTIVE: WINDOWS, Mode.CAUSAL: ONLINE},
)
AUTO_OF_SEVERAL = {Mode.RETROSPECTIVE: CHANNELS, Mode.CAUSAL: HALF_SPACES}
_EVERY = (
    DECOMPOSITION, ETS, ROBUST_Z, WINDOWS, PROFILE, SUB_PCA, K_SHAPE, RESIDUAL, CHANNELS, ONLINE, HALF_SPACES,
)  # fmt: skip
ALGORITHMS = {algorithm.spec.name: algorithm for algorithm in _EVERY}
_ALIASES = {alias: algorithm for algorithm in ALGORITHMS.values() for alias in algorithm.spec.aliases}


def named(name: str) -> SeriesAlgorithm | None:
    """Return an algorithm by its name or another spelling of it.

    >>> named("window_neighbors").spec.name
    'window_neighbours'
    """
    return (ALGORITHMS | _ALIASES).get(name)


def _width(task: Task) -> int | None:
    """Return the points in a window; None where the series tells."""
    asked = task.params["window"]
    if asked != "auto":
        return int(asked)
    return task.periods[0] if task.periods else None
