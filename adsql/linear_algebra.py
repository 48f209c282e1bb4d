"""Fitting on one thread, whatever numpy's and scikit-learn's libraries would take."""

from __future__ import annotations

import sys
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from threadpoolctl import ThreadpoolController

P = ParamSpec("P")
T = TypeVar("T")


def on_one_thread(function: Callable[P, T]) -> Callable[P, T]:
    """Run a function with BLAS and OpenMP held to one thread.

    The last bits of a sum depend on how many threads share it, and the same rows must give the same model on
    every machine. Fits are small, too: beside a database that keeps all processors busy, threads that wait for
    each other made a mixture's fit 60 times slower.
    """

    @wraps(function)
    def limited(*args: P.args, **kwargs: P.kwargs) -> T:
        with _libraries(len(sys.modules)).limit(limits=1):
            return function(*args, **kwargs)

    return limited


@lru_cache(maxsize=1)
def _libraries(_modules: int) -> ThreadpoolController:
    """Return the libraries that are loaded, looked for anew once further modules are: they may have brought some.

    To look takes longer than a small segment's fit.
    """
    # Here, not at the top: scoring works without it.
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415

    return ThreadpoolController()
