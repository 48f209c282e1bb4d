"""What every part of the suite shares."""

from __future__ import annotations

import os
import re

# Tests that fit a detector by itself, as `Model.fit` does: two workers' libraries must not wait for each other.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from adsql.registry import detectors, is_ranker, row_wise_detectors
from postgres_cluster import cluster

# Kernels are compiled inside the first example, which no deadline allows for. The same examples on every
# machine make a failure repeatable.
settings.register_profile("adsql", deadline=None, derandomize=True)
settings.load_profile("adsql")


_ENGINE = re.compile(r"\[(duckdb|postgres(?:ql)?)\b")
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


class TogetherWhatIsShared(LoadScopeScheduling):
    """Gives a worker whole files; of the folders that share engines or gateways, all tests of one of these.

    Otherwise each worker would make for itself, and in turn, what takes long to make.
    """

    def _split_scope(self, nodeid):
        file, _, test = nodeid.partition("::")
        folder = file.rpartition("/")[0]
        engine = _ENGINE.search(test)
        return f"{folder} on {engine[1]}" if engine and folder in {"tests/engines", "tests/server"} else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Distribute tests so, whatever `--dist` says: its `loadgroup` needs an attribute that pytest no longer has."""
    return TogetherWhatIsShared(config, log)


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server with the extension in every database."""
    with cluster() as server:
        for database in ("template1", "postgres"):
            with server.connect(dbname=database) as con:
                con.execute("CREATE EXTENSION adsql CASCADE")
        yield server
