"""How kernels are compiled: one place for numba's options, and for its missing types.

Importing it imports numba, which takes a quarter of a second: `adsql.kernels.compiled` does so when it has to.
"""

from __future__ import annotations

import contextlib
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numba
from numba import types
from numba.core import environment
from numba.core.caching import FunctionCache
from numba.core.runtime.nrt import rtsys
from numba.extending import typeof_impl

from adsql.kernels.compiled import Kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_KNOWN = "0.68."  # whose own loading was read; another version may need more


@typeof_impl.register(Kernel)
def _type_of_a_kernel(called: Kernel, _context: object) -> types.Dispatcher:
    """Tell numba what one kernel calls another by: it knows its own functions alone."""
    return types.Dispatcher(called.compiled)  # type: ignore[arg-type] # what `compiled` makes


def compiled(function: Callable[..., object]) -> Callable[..., object]:
    """Return numba's function: nogil, so that DuckDB's threads run at once; cached, so that it is compiled once.

    The signature stays lazy: importing adsql must not compile. The cache lies beside the module or in the user's
    cache directory, or where the environment variable NUMBA_CACHE_DIR says; where none of them can be written,
    each process compiles for itself.
    """
    made = numba.njit(nogil=True, error_model="numpy")(function)
    known = numba.__version__.startswith(_KNOWN)
    # Not if numba found no directory to write to: it then compiles, as it would without a cache.
    with contextlib.suppress(RuntimeError):
        vars(made)["_cache"] = (_PromptCache if known else _WholeCache)(function)
    return cast("Callable[..., object]", made)


class _WholeCache(FunctionCache):
    """Keeps a kernel until a module of its folder changes: it is compiled with those that it calls.

    numba looks at the kernel's own file: after an upgrade, some would be those of the version before.
    """

    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call] # numba's
        self._cache_file._source_stamp = _sources(Path(function.__code__.co_filename).parent)  # noqa: SLF001 - numba has no argument for it


class _PromptCache(_WholeCache):
    """Loads compiled code without importing everything that numba can compile with, which takes 0.3 seconds.

    numba does so before it loads any code. What the code itself needs is its run time; the rest is imported when
    something is to be compiled. A process of PostgreSQL that scores one row is done in half the time.
    """

    def load_overload(self, sig: object, target_context: object) -> object:
        """Return the compiled function of a signature, or None; as numba's, but for what it imports."""
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors(), _light_environments():
            return self._load_overload(sig, target_context)  # type: ignore[no-untyped-call] # numba's


@cache
def _sources(folder: Path) -> str:
    """Return a hash of all modules of a folder, among which are those of the kernels that a kernel calls."""
    found = hashlib.sha256()
    for file in sorted(folder.glob("*.py")):
        found.update(file.name.encode())
        found.update(file.read_bytes())
    return found.hexdigest()


@contextlib.contextmanager
def _light_environments() -> Iterator[None]:
    """Load compiled code of numba's own functions without the modules they were written in.

    An environment has a module's names for code that was not compiled to the end, which numba's own functions in
    kernels are not, and constants, which are kept. The modules would be numba's arrays and with them its strings.
    """
    whole = environment._rebuild_env  # noqa: SLF001 - numba has no other place for it

    def light(module: str, constants: Sequence[object], name: str) -> object:
        if not module.startswith("numba.") or environment.lookup_environment(name) is not None:  # type: ignore[no-untyped-call] # numba's
            return whole(module, constants, name)  # type: ignore[no-untyped-call] # numba's
        made = environment.Environment({"__name__": module})
        made.consts[:] = constants
        made.env_name = name
        environment.Environment._memo[name] = made  # noqa: SLF001 - as numba does
        return made

    environment._rebuild_env = light  # noqa: SLF001 - found by this name when code is loaded
    try:
        yield
    finally:
        environment._rebuild_env = whole  # noqa: SLF001 - as it was
