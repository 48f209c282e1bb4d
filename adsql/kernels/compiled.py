"""How kernels are compiled: one place for numba's options, and for its missing types."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, TypeVar, cast

import numba
from numba.core.caching import FunctionCache
from numba.core.runtime.nrt import rtsys

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., object]")

_KNOWN = "0.68."  # whose own loading was read; another version may need more


def kernel(function: F) -> F:
    """Compile a function: nogil, so that DuckDB's threads run at once; cached, so that it is compiled once.

    The signature stays lazy: importing adsql must not compile. The cache lies beside the module or in the user's
    cache directory, or where the environment variable NUMBA_CACHE_DIR says; where none of them can be written,
    each process compiles for itself.
    """
    compiled = numba.njit(nogil=True, error_model="numpy")(function)
    with contextlib.suppress(RuntimeError):  # numba found no directory to write to
        compiled.enable_caching()
        if numba.__version__.startswith(_KNOWN):
            vars(compiled)["_cache"] = _PromptCache(function)  # type: ignore[no-untyped-call] # numba's
    return cast("F", compiled)


class _PromptCache(FunctionCache):
    """Loads compiled code without importing everything that numba can compile with, which takes 0.3 seconds.

    numba does so before it loads any code. What the code itself needs is its run time; the rest is imported when
    something is to be compiled. A process of PostgreSQL that scores one row is done in half the time.
    """

    def load_overload(self, sig: object, target_context: object) -> object:
        """Return the compiled function of a signature, or None; as numba's, but for what it imports."""
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)  # type: ignore[no-untyped-call] # numba's
