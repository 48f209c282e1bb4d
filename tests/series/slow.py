"""Slow, obvious forms of what the kernels of series compute."""

from __future__ import annotations

import numpy as np


def window_distance(x, width, lags, k):
    count = len(x) - width + 1
    windows = [x[t : t + width] for t in range(count)]
    allowed = set(lags.tolist())
    result = np.full(count, np.nan)
    for i in range(count):
        distances = sorted(
            float(np.linalg.norm(windows[i] - windows[j])) for j in range(count) if abs(i - j) in allowed
        )
        if distances:
            result[i] = np.mean(distances[:k])
    return result


def separated_distance(X, reference, places, apart, k):
    result = np.full(len(X), np.nan)
    for i, row in enumerate(X):
        near = [np.linalg.norm(row - reference[:, r]) for r in range(len(places)) if abs(i - places[r]) >= apart]
        if near:
            result[i] = np.mean(sorted(near)[:k])
    return result


def covering_mean(scores, width, n):
    result = np.full(n, np.nan)
    for t in range(n):
        covering = [scores[s] for s in range(len(scores)) if s <= t < s + width and not np.isnan(scores[s])]
        if covering:
            result[t] = np.mean(covering)
    return result


def nearest_past(x, width, lags):
    result = np.full(len(x), np.nan)
    for t in range(len(x)):
        end = x[t - width + 1 : t + 1]
        near = [
            np.linalg.norm(end - x[t - lag - width + 1 : t - lag + 1]) / np.sqrt(width)
            for lag in range(width, min(t - width + 1, lags) + 1)
        ]
        if near:
            result[t] = min(near)
    return result


def announced_once(scores, quiet):
    return np.array([s if s > max([0.0, *scores[max(0, t - quiet) : t]]) else 0.0 for t, s in enumerate(scores)])


def season_gain(deviations, period):
    t = np.arange(len(deviations))
    half, phase = (t // period) % 2, t % period
    left = whole = 0.0
    for i in t:
        others = deviations[(half != half[i]) & (phase == phase[i])]
        if len(others):
            left += abs(deviations[i] - others.mean())
            whole += abs(deviations[i])
    return 1 - left / whole if whole else 0.0
