"""Clean series of the kinds that there are: what is flagged of them is a false alarm."""

from __future__ import annotations

import numpy as np


def clean(kind: str, n: int, seed: int) -> np.ndarray:
    """Return a series of a kind, shape (n,)."""
    return KINDS[kind](np.arange(n), np.random.default_rng(seed))


def _day(t):
    return np.sin(2 * np.pi * t / 24) + 0.5 * np.cos(4 * np.pi * t / 24)


def _autoregressive(t, rng):
    values = rng.standard_normal(len(t))
    for i in range(1, len(t)):
        values[i] += 0.7 * values[i - 1]
    return 5 + values


def _week(t):
    return np.maximum(np.sin(2 * np.pi * t / 168), 0.0)


KINDS = {
    "noise": lambda t, rng: 10 + rng.standard_normal(len(t)),
    "trend": lambda t, rng: 0.01 * t + rng.standard_normal(len(t)),
    "season": lambda t, rng: 50 + 10 * _day(t) + rng.standard_normal(len(t)),
    "two seasons": lambda t, rng: 100 + 8 * _day(t) + 12 * _week(t) + 2 * rng.standard_normal(len(t)),
    "random walk": lambda t, rng: np.cumsum(rng.standard_normal(len(t))),
    "autoregressive": _autoregressive,
    "heavy tails": lambda t, rng: rng.standard_t(4, len(t)),
    "counts": lambda t, rng: rng.poisson(np.exp(2.5 + 0.6 * np.sin(2 * np.pi * t / 24))).astype(float),
    "growing": lambda t, rng: (100 + 0.01 * t) * (1 + 0.25 * _day(t)) * np.exp(0.1 * rng.standard_normal(len(t))),
    "skewed": lambda t, rng: np.exp(0.6 * rng.standard_normal(len(t)) + 0.2 * np.sin(2 * np.pi * t / 24)),
}
