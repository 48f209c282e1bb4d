"""Every example in a docstring runs and gives what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import adsql
import adsql_server
import adsql_udfs
from adsql.registry import detectors

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def module_names():
    """Return all modules of the packages; `__main__` runs the command line when it is imported."""
    for package in (adsql, adsql_udfs, adsql_server):
        yield package.__name__
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            # Examples of the client call a gateway: tests/server/test_client.py runs them.
            if not found.name.endswith("__main__") and not found.name.startswith("adsql.client."):
                yield found.name


def with_examples():
    finder = doctest.DocTestFinder()
    for name in module_names():
        tests = [test for test in finder.find(importlib.import_module(name), name) if test.examples]
        if tests:
            yield name, tests


MODULES = dict(with_examples())


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name):
    report = []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    for test in MODULES[name]:
        runner.run(test, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)


def test_the_packages_and_every_detector_have_examples():
    assert {"adsql", "adsql_udfs.duckdb.connection", *(cls.__module__ for cls in detectors().values())} <= set(MODULES)
