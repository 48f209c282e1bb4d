"""What every part of the suite shares."""

from __future__ import annotations

import pytest
from hypothesis import settings

from adsql.registry import detectors

# Kernels are compiled inside the first example, which no deadline allows for. The same examples on every
# machine make a failure repeatable.
settings.register_profile("adsql", deadline=None, derandomize=True)
settings.load_profile("adsql")


@pytest.fixture(params=list(detectors().values()), ids=list(detectors()))
def algorithm(request):
    """Each registered detector in turn: a new one is covered without touching a test."""
    return request.param
