"""Small real data sets with known anomalies; their sources and licences are in README.md beside them."""

from __future__ import annotations

from pathlib import Path


def path(name: str) -> Path:
    """Return the file of a data set.

    >>> path("nyc_taxi.csv").name
    'nyc_taxi.csv'
    """
    return Path(__file__).parent / name
