"""Every algorithm for series: what it is called, what it can do, and what runs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from adsql.detector import Capability, Parameter, Params, Spec
from adsql.series import channels, online, window_neighbours
from adsql.series.bounds import bulk_deviates
from adsql.series.decomposition import decompose

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adsql.arrow import Floats
    from adsql.series.expectation import Expected

_UNIT = 2.326  # the normal deviate of the 99% quantile, which novelty is measured in


class Mode(StrEnum):
    """What a point's result may use."""

    RETROSPECTIVE = "retrospective"  # the whole series
    CAUSAL = "causal"  # the points before it


class Task(NamedTuple):
    """What a scoring is asked for: all parameters, seasons in points if they were given, and a seed."""

    params: Params
    periods: tuple[int, ...] | None = None
    seed: int = 0


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
        From values of shape (n,), seasons or None, and whether to be causal: what is expected, with bounds. None if
        the algorithm expects nothing.
    score
        From values of shape (n, d) and a task: how strange each point is, shape (n,), higher is stranger. None if
        it has nothing but what it expects.
    rarity
        From such scores: how rare they are, as normal deviates of at least 0.
    several
        Whether it takes several values a time.
    beside
        By mode: the algorithm whose verdicts are put together with this one's.
    """

    spec: Spec
    modes: tuple[Mode, ...]
    expect: Callable[[Floats, tuple[int, ...] | None, bool], Expected] | None = None
    score: Callable[[Floats, Task], Floats] | None = None
    rarity: Callable[[Floats], Floats] = bulk_deviates
    several: bool = False
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
    expect=lambda values, periods, causal: decompose(values, periods, causal=causal),
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
        X[:, 0], task.periods[0] if task.periods else None, task.params["n_neighbors"], task.seed
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
    score=lambda X, task: channels.channel_neighbours(X, task.params["n_neighbors"], task.seed),
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
# What `auto` is for one value; several are given to CHANNELS.
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
    beside={Mode.RETROSPECTIVE: WINDOWS, Mode.CAUSAL: ONLINE},
)
ALGORITHMS = {algorithm.spec.name: algorithm for algorithm in (DECOMPOSITION, WINDOWS, CHANNELS, ONLINE)}
_ALIASES = {alias: algorithm for algorithm in ALGORITHMS.values() for alias in algorithm.spec.aliases}


def named(name: str) -> SeriesAlgorithm | None:
    """Return an algorithm by its name or another spelling of it.

    >>> named("window_neighbors").spec.name
    'window_neighbours'
    """
    return (ALGORITHMS | _ALIASES).get(name)
