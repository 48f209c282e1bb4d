"""How kernels are compiled: one place for numba's options, and for its missing types."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., object]")


def kernel(function: F) -> F:
    """Compile a function: nogil, so that DuckDB's threads run at once; cached, so that it is compiled once.

    The signature stays lazy: importing adsql must not compile. The cache lies beside the module or in the user's
    cache directory, or where the environment variable NUMBA_CACHE_DIR says; where none of them can be written,
    each process compiles for itself.
    """
    compiled = numba.njit(nogil=True, error_model="numpy")(function)
    with contextlib.suppress(RuntimeError):  # numba found no directory to write to
        compiled.enable_caching()
    return cast("F", compiled)
