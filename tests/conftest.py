"""What every part of the suite shares."""

from __future__ import annotations

import os

# Tests that fit a detector by itself, as `Model.fit` does: two workers' libraries must not wait for each other.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import pytest
from hypothesis import settings

from adsql.registry import detectors, is_ranker, row_wise_detectors
from postgres_cluster import cluster

# Kernels are compiled inside the first example, which no deadline allows for. The same examples on every
# machine make a failure repeatable.
settings.register_profile("adsql", deadline=None, derandomize=True)
settings.load_profile("adsql")


RANKERS = {name: cls for name, cls in detectors().items() if is_ranker(cls)}


@pytest.fixture(params=list(row_wise_detectors().values()), ids=list(row_wise_detectors()))
def algorithm(request):
    """Each detector that can be trained, in turn: a new one is covered without touching a test."""
    return request.param


@pytest.fixture(params=list(RANKERS.values()), ids=list(RANKERS))
def ranker(request):
    """Each detector that can only rank the rows it is given, in turn."""
    return request.param


@pytest.fixture(params=list(detectors().values()), ids=list(detectors()))
def any_detector(request):
    """Each detector that there is, in turn."""
    return request.param


# Parameters of fixtures that take long to make, and are made anew each time that another value is asked for.
SHARED = ("shared", "live")


def pytest_collection_modifyitems(items):
    """Say which tests one worker runs together: those of a file, or of a folder whose engine or gateway they share."""
    for item in items:
        given = item.callspec.params if hasattr(item, "callspec") else {}
        values = [str(getattr(given[name], "name", given[name])) for name in SHARED if name in given]
        item.add_marker(pytest.mark.xdist_group(" ".join([item.path.parent.name, *(values or [item.path.name])])))


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server with the extension in every database."""
    with cluster() as server:
        for database in ("template1", "postgres"):
            with server.connect(dbname=database) as con:
                con.execute("CREATE EXTENSION adsql CASCADE")
        yield server
