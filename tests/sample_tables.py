"""Tables that tests train on and score. All are columns by name, as engines hand them over."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa

from adsql.model import Model
from adsql.options import TrainingOptions
from adsql.ranking import rank


def fitted(algorithm, table, **options):
    """Train a detector's class on a table, with options as SQL spells them."""
    return Model.fit(table, TrainingOptions.parse(algorithm.spec.name, **options))


def ranked(algorithm, table, **options):
    """Rank the rows of a table with a detector's class, with options as SQL spells them."""
    return rank(table, TrainingOptions.parse(algorithm.spec.name, **options))


def taken(table, rows):
    """Return some rows of a table, in the order given."""
    return {name: column.take(pa.array(rows, pa.int64())) for name, column in table.items()}


def normal(n, d, seed=0):
    """Clean data: independent normal columns."""
    X = np.random.default_rng(seed).normal(size=(n, d))
    return {f"x{j:02}": pa.array(X[:, j]) for j in range(d)}


def mixed(n, seed=0):
    """Every kind of column there is, with missing values, ties, and both zeros."""
    rng = np.random.default_rng(seed)

    def with_nulls(values, share=0.05):
        return [None if gone else value for value, gone in zip(values, rng.random(n) < share, strict=True)]

    start = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    seconds = rng.integers(0, 60 * 86_400, n)
    prices = [Decimal(int(cents)).scaleb(-2) for cents in rng.integers(100, 9_999, n)]
    return {
        "amount": pa.array(with_nulls(rng.lognormal(3, 1, n).tolist())),
        "flag": pa.array(with_nulls((rng.random(n) < 0.3).tolist())),
        # More than half on one value: the scale falls back on a standard deviation.
        "tips": pa.array(np.where(rng.random(n) < 0.7, 0.0, rng.exponential(2.0, n)) * rng.choice([-1.0, 1.0], n)),
        "count": pa.array(with_nulls(rng.poisson(4, n).tolist()), pa.int64()),
        "price": pa.array(with_nulls(prices), pa.decimal128(10, 2)),
        "city": pa.array(
            with_nulls(rng.choice(["Bern", "Oslo", "Rome", "Lima"], n, p=[0.6, 0.3, 0.08, 0.02]).tolist())
        ),
        "at": pa.array([start + dt.timedelta(seconds=int(s)) for s in seconds], pa.timestamp("us", tz="UTC")),
        "day": pa.array([(start + dt.timedelta(seconds=int(s))).date() for s in seconds], pa.date32()),
    }


def with_outlier(n, d, seed=0):
    """Clean data whose last row is far from all others in every column."""
    return {
        name: pa.concat_arrays([column, pa.array([50.0 if j % 2 else -50.0])])
        for j, (name, column) in enumerate(normal(n, d, seed).items())
    }


def _scaled(factor):
    return {name: pa.array(np.asarray(column) * factor) for name, column in normal(200, 3).items()}


def _duplicated():
    return taken(normal(20, 3), np.arange(200) % 20)


def _numbers_of_every_type():
    rng = np.random.default_rng(5)
    whole = rng.integers(0, 50, 200)
    return {
        "tiny": pa.array(whole, pa.uint8()),
        "huge": pa.array(whole.astype(np.uint64) + np.uint64(2**63), pa.uint64()),
        "half": pa.array(whole.astype(np.float16), pa.float16()),
        "flag": pa.array((whole > 25).tolist()),
        "price": pa.array([Decimal(int(v)).scaleb(-1) for v in whole], pa.decimal128(8, 1)),
        "wide": pa.array([Decimal(10) ** 40 + int(v) for v in whole], pa.decimal256(60, 0)),
    }


# What a detector must survive, whatever it thinks of it.
AWKWARD = {
    "huge_values": lambda: _scaled(1e300),
    "tiny_values": lambda: _scaled(1e-300),
    "subnormal_values": lambda: _scaled(1e-315),
    "both_extremes": lambda: {"x00": pa.array([-np.inf, np.inf, 1e308, -1e308, 1e-308, 0.0] * 20)},
    "duplicated_rows": _duplicated,
    "two_rows": lambda: normal(2, 3),
    "two_equal_rows": lambda: {"x00": pa.array([1.5, 1.5])},
    "one_of_two_rows_missing": lambda: {"x00": pa.array([1.5, None])},
    "one_column": lambda: normal(200, 1),
    "forty_columns": lambda: normal(200, 40),
    "more_columns_than_rows": lambda: normal(10, 40),
    "numbers_of_every_type": _numbers_of_every_type,
    "mixed_types": lambda: mixed(300, seed=3),
    "one_value_but_for_one_row": lambda: {"x00": pa.array([1.0] * 199 + [2.0]), "x01": pa.array([0.0] * 200)},
    "values_that_nearly_coincide": lambda: {"x00": pa.array([0.0, 0.0, 1.0, 1.0, 2.5e-296])},
    "neighbouring_floats": lambda: {"x00": pa.array([1.0, np.nextafter(1.0, 2.0)] * 100)},
}

CONSTANT = {
    "zeros": lambda: {"x": pa.array([0.0] * 100), "y": pa.array([0.0] * 100)},
    "a_number": lambda: {"x": pa.array([1e-7 / 3] * 100)},
    "whole_numbers_and_text": lambda: {"x": pa.array([7] * 100), "c": pa.array(["same"] * 100)},
    "infinity": lambda: {"x": pa.array([np.inf] * 100)},
    "two_rows": lambda: {"x": pa.array([3.0, 3.0])},
}
