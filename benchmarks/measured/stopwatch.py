"""Case: which parts of a statement its time goes to."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from functools import wraps
from inspect import ismethod
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import adsql
from adsql import registry
from adsql.calibration import Calibration
from adsql.features import FeatureSpec
from adsql.model import Model
from adsql.threshold import ThresholdPolicy
from measured.clock import once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adsql.detector import Detector

SAMPLE = "planning, and drawing the sample"
DETECTOR, THRESHOLD, TRAINING = "training: the detector", "training: the threshold", "training: the rest"
FEATURES, KERNEL, SEVERITY = "scoring: the features", "scoring: the detector", "scoring: the severity"


class Stopwatch:
    """The time of functions, without that of others inside them that are timed too."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.training_began = 0.0
        self._running: list[str] = []

    def timed(self, label: str, function: Callable[..., Any], inside: str | None) -> Callable[..., Any]:
        """Return the function, timed where `inside` is the innermost timed one around it."""

        @wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            if (self._running[-1] if self._running else None) != inside:
                return function(*arguments, **named)
            started = time.perf_counter()
            if label == TRAINING:
                self.training_began = started
            self._running.append(label)
            try:
                return function(*arguments, **named)
            finally:
                self._running.pop()
                self._add(label, time.perf_counter() - started, inside)

        return call

    def _add(self, label: str, seconds: float, inside: str | None) -> None:
        self.seconds[label] = self.seconds.get(label, 0.0) + seconds
        if inside is not None:
            self.seconds[inside] = self.seconds.get(inside, 0.0) - seconds


def profile(database: str, table: str, algorithm: str) -> dict[str, float]:
    """Run a statement on one thread, twice; return the second's seconds by part, and those of copying the table."""
    query = f"CREATE OR REPLACE TABLE scored AS FROM detect_anomalies('{table}', algorithm => '{algorithm}')"
    # As many columns of the same types as the result has: what writing it takes.
    copy = f"CREATE OR REPLACE TABLE scored AS SELECT *, f0 AS a, f1 AS b, f2 > 0 AS c FROM {table}"
    watch = Stopwatch()
    with adsql.connect(database, config={"threads": 1}) as con:
        con.execute(query).fetchall()
        with watching(watch, registry.row_wise_detectors()[algorithm]):
            started = time.perf_counter()
            con.execute(query).fetchall()
            wall = time.perf_counter() - started
        copied = once(lambda: con.execute(copy).fetchall())["wall"]
    return {SAMPLE: watch.training_began - started, **watch.seconds, "wall": wall, "copy": copied}


@contextmanager
def watching(watch: Stopwatch, detector: type[Detector]) -> Iterator[None]:
    """Time the parts of training and scoring."""
    parts: tuple[tuple[type, str, str, str | None], ...] = (
        (Model, "fit", TRAINING, None),
        (detector, "fit", DETECTOR, TRAINING),
        (ThresholdPolicy, "fit", THRESHOLD, TRAINING),
        (FeatureSpec, "transform", FEATURES, None),
        (detector, "score", KERNEL, None),
        (Calibration, "severity", SEVERITY, None),
    )
    with ExitStack() as patches:
        for owner, name, label, inside in parts:
            function = getattr(owner, name)
            timed = watch.timed(label, function, inside)
            # A class method is bound already.
            patches.enter_context(patch.object(owner, name, staticmethod(timed) if ismethod(function) else timed))
        yield
