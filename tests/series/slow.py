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
    result, shares = np.full(len(X), np.nan), np.zeros(X.shape)
    for i, row in enumerate(X):
        near = [row - reference[:, r] for r in range(len(places)) if abs(i - places[r]) >= apart]
        near = sorted(near, key=np.linalg.norm)[:k]
        if near:
            result[i] = np.mean([np.linalg.norm(difference) for difference in near])
            squares = np.sum(np.square(near), axis=0)
            shares[i] = squares / squares.sum() if squares.sum() > 0 else 0.0
    return result, shares


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


def matrix_profile(x, width, lags):
    count = len(x) - width + 1
    windows = []
    for t in range(count):
        centred = x[t : t + width] - x[t : t + width].mean()
        norm = np.linalg.norm(centred)
        windows.append(centred / norm * np.sqrt(width) if norm > 1e-6 * np.std(x) * np.sqrt(width) else None)
    allowed = set(lags.tolist())
    result = np.full(count, np.inf)
    for i in range(count):
        for j in range(count):
            if abs(i - j) in allowed:
                a, b = windows[i], windows[j]
                if a is None and b is None:
                    distance = 0.0
                elif a is None or b is None:
                    distance = np.sqrt(2 * width)
                else:
                    distance = np.linalg.norm(a - b)
                result[i] = min(result[i], distance)
    return result


def past_medians(x, width, first):
    medians, distances = np.full(len(x), np.nan), np.full(len(x), np.nan)
    for t in range(len(x)):
        past = [v for v in x[:t] if not np.isnan(v)][-width:]
        if len(past) >= first:
            medians[t] = np.median(past)
            distances[t] = np.median(np.abs(np.array(past) - medians[t]))
    return medians, distances


def stream_masses(X, features, cuts, window):
    trees, inner = features.shape
    result = np.full(len(X), np.nan)
    paths = []
    for row in X:
        mine = []
        for tree in range(trees):
            node, path = 0, [0]
            while node < inner:
                node = 2 * node + (1 if row[features[tree, node]] < cuts[tree, node] else 2)
                path.append(node)
            mine.append(path)
        paths.append(mine)
    for i in range(window, len(X)):
        start = (i // window - 1) * window
        total = 0.0
        for tree in range(trees):
            for level, node in enumerate(paths[i][tree]):
                count = sum(node in paths[j][tree] for j in range(start, start + window))
                if count <= 0.1 * window or node >= inner:
                    total += count * 2.0**level
                    break
        result[i] = total
    return result


def spectral_residual(x, width):
    x = (x - x.mean()) / x.std()
    n = len(x)
    gradients = [(x[n - 1] - x[n - 1 - i]) / i for i in range(1, 6)]
    longer = list(x) + [x[n - 5] + np.mean(gradients) * 5] * 5
    spectrum = np.fft.fft(longer)
    amplitude = np.abs(spectrum)
    logs = np.log(np.maximum(amplitude, 1e-8))

    def mean_around(values, k, width):
        return np.mean(values[max(0, k - width // 2) : k + (width + 1) // 2])

    residual = [logs[k] - mean_around(logs, k, 3) for k in range(len(logs))]
    saliency = np.abs(np.fft.ifft(np.exp(residual) * np.exp(1j * np.angle(spectrum))))[:n]
    return np.array([max(saliency[t] / max(mean_around(saliency, t, width), 1e-8) - 1, 0.0) for t in range(n)])


def sub_pca(x, width):
    """Squared Mahalanobis distance of each window over the dimensions, averaged over those that cover a point."""
    x = (x - x.mean()) / x.std()
    windows = np.array([x[t : t + width] for t in range(len(x) - width + 1)])
    covariance = np.cov(windows, rowvar=False, bias=True)
    distances = [(w - windows.mean(axis=0)) @ np.linalg.solve(covariance, w - windows.mean(axis=0)) for w in windows]
    return covering_mean(np.array(distances) / width, width, len(x))


def shape_distance(window, shape):
    """1 less the largest inner product over all shifts, zeros outside."""
    w = len(window)
    best, at = -np.inf, 0
    for shift in [*range(w), *range(-(w - 1), 0)]:
        moved = np.zeros(w)
        for i in range(w):
            if 0 <= i + shift < w:
                moved[i + shift] = window[i]
        if moved @ shape > best + 1e-12:
            best, at = moved @ shape, shift
    return 1 - best, at
