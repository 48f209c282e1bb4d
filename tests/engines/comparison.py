"""How results are compared."""

from __future__ import annotations

import pytest


def assert_close(found, wanted, tolerance):
    """Assert equal results, scores within a tolerance, of which 0 means the same bits."""
    if tolerance == 0.0:
        assert found == wanted
        return
    assert [row[0] for row in found] == [row[0] for row in wanted]
    for (number, *given), (_, *right) in zip(found, wanted, strict=True):
        assert (given[0] is None) == (right[0] is None), number
        if given[0] is not None:
            assert given[0] == pytest.approx(right[0], rel=tolerance, abs=1e-12), number
            # Severity is a step where training scores lie closer together than the tolerance.
            assert given[1] == pytest.approx(right[1], abs=1 / 300), number
            assert given[2] == right[2], number
