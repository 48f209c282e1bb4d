"""Fits run on one thread, also by libraries that were loaded since the last fit."""

from __future__ import annotations

import os
import subprocess
import sys

from threadpoolctl import threadpool_info, threadpool_limits

from adsql.linear_algebra import on_one_thread

LATER = """
from threadpoolctl import threadpool_info
from adsql.linear_algebra import on_one_thread

def threads():
    return {(library["filepath"], library["num_threads"]) for library in threadpool_info()}

first = on_one_thread(threads)()
import sklearn.cluster
second = on_one_thread(threads)()
assert len(second) > len(first), "it brings OpenMP"
assert {number for _, number in second} == {1}, second
assert 2 in {number for _, number in threads()}, "they would take more"
"""


def _threads():
    return {library["num_threads"] for library in threadpool_info()}


def test_libraries_are_held_to_one_thread_and_released():
    with threadpool_limits(limits=2):
        before = _threads()
        assert 2 in before
        for _ in range(2):
            assert on_one_thread(_threads)() == {1}
            assert _threads() == before


def test_a_library_that_is_loaded_later_is_held_as_well():
    two = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "2")
    done = subprocess.run(
        [sys.executable, "-c", LATER], env={**os.environ, **two}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
