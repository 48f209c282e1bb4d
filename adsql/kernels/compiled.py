"""How kernels are compiled: one place for numba's options, and for its missing types."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., object]")


def kernel(function: F) -> F:
    """Compile a function: nogil, so that DuckDB's threads run at once; cached, so that it is compiled once.

    The signature stays lazy: importing adsql must not compile.
    """
    return cast("F", numba.njit(nogil=True, cache=True, error_model="numpy")(function))
