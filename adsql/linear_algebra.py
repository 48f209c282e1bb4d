"""Fitting on one thread, whatever numpy's and scikit-learn's libraries would take."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

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
        from threadpoolctl import get_cached_controller  # noqa: PLC0415 - scoring works without it

        # Looking for the libraries anew would take as long as a small fit: they change with imports alone.
        with get_cached_controller().limit(limits=1):
            return function(*args, **kwargs)

    return limited
