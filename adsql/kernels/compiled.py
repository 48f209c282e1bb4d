"""How kernels are run: compiled by numba, or, for the first rows of a process that has not loaded it, by Python itself.

Importing numba and what it has compiled takes a quarter of a second, half of what a new connection to PostgreSQL
takes to its first score. One row needs no compiled code: Python walks the trees of a forest in milliseconds. The
source is one, and so are the bits: float64 is added, multiplied and divided alike by both, and for exponentials,
logarithms and the like, a kernel that Python may run calls the functions of `math`: those of numpy may use vector
instructions, which round differently.
"""

from __future__ import annotations

import threading
from functools import cached_property, update_wrapper
from time import thread_time
from types import FunctionType
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np

from adsql.imports import uncollected

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

F = TypeVar("F", bound="Callable[..., object]")

# Python must not take longer than it saves.
_MOST_MICROSECONDS = 30_000.0  # for a call
_MOST_SECONDS = 0.1  # in a process

_compiling = threading.Lock()


class Kernel:
    """A function of arrays, called by position.

    Parameters
    ----------
    function
        What is to be run.
    microseconds
        About how long Python runs it for one row, by its arguments; None if Python may not. The bits must be the same,
        and the first argument has a row, or a row's value, at each place of its first axis.
    arrays
        What Python runs instead, where operations on whole arrays do the same to each element.
    """

    seconds = 0.0  # that Python has run kernels in this process, about: threads add to it
    uses_python = True  # until a kernel is compiled or loaded

    def __init__(
        self,
        function: Callable[..., object],
        *,
        microseconds: Callable[..., float] | None = None,
        arrays: Callable[..., object] | None = None,
    ) -> None:
        self.function, self.microseconds, self._arrays = function, microseconds, arrays
        update_wrapper(self, function)

    def __call__(self, *arguments: object) -> object:
        """Return what the function returns."""
        if Kernel.uses_python and self._is_quick(arguments):
            started = thread_time()
            try:
                with np.errstate(all="ignore"):
                    return self.interpreted(*arguments)
            except (ArithmeticError, ValueError):
                pass  # where Python raises, as for the logarithm of 0, compiled code returns infinity or NaN
            finally:
                Kernel.seconds += thread_time() - started
                if Kernel.seconds > _MOST_SECONDS:
                    Kernel.uses_python = False
        return self.compiled(*arguments)

    def _is_quick(self, arguments: tuple[object, ...]) -> bool:
        if self.microseconds is None or len(cast("NDArray[np.float64]", arguments[0])) != 1:
            return False
        return self.microseconds(*arguments) <= _MOST_MICROSECONDS

    @cached_property
    def compiled(self) -> Callable[..., object]:
        """The function as numba compiles it, or has compiled it before."""
        with _compiling:
            Kernel.uses_python = False
            with uncollected():
                from adsql.kernels.compiling import compiled  # noqa: PLC0415 - a first row need not wait for it

            return cast("Callable[..., object]", vars(self).setdefault("compiled", compiled(self.function)))

    @cached_property
    def interpreted(self) -> Callable[..., object]:
        """The function as Python runs it, and those that it calls."""
        if self._arrays is not None:
            return self._arrays
        function = cast("FunctionType", self.function)
        names = {
            name: value.interpreted if isinstance(value, Kernel) else value
            for name, value in function.__globals__.items()
            if name in function.__code__.co_names or name == "__builtins__"
        }
        return FunctionType(function.__code__, names, function.__name__, None, function.__closure__)


def kernel(function: F) -> F:
    """Make a function a kernel, which numba compiles when it is first called."""
    return cast("F", Kernel(function))


def kernel_of_a_row(microseconds: Callable[..., float]) -> Callable[[F], F]:
    """Make a function a kernel that Python may run for a row, if it takes no longer than that; see `Kernel`."""

    def decorated(function: F) -> F:
        return cast("F", Kernel(function, microseconds=microseconds))

    return decorated


def kernel_like(arrays: F) -> Callable[[F], F]:
    """Make a function a kernel in whose place Python, for a row, runs one of whole arrays; see `Kernel`."""
    return lambda function: cast("F", Kernel(function, arrays=arrays))
