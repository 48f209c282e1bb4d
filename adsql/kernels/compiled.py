"""How kernels are run: compiled by numba, or, for the first rows of a process that has not loaded it, by Python itself.

Importing numba and what it has compiled takes a quarter of a second, half of what a new connection to PostgreSQL
takes to its first score. One row needs no compiled code: Python walks the trees of a forest in milliseconds. The
source is one, and so are the bits: operations of float64 round alike in both, and a kernel that Python may run calls
the functions of `math` rather than numpy's, whose vector instructions can round differently.
"""

from __future__ import annotations

import threading
from functools import cached_property, update_wrapper
from time import thread_time
from types import FunctionType
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

F = TypeVar("F", bound="Callable[..., object]")

_FEW = 128  # values of one row
_MOST_SECONDS = 0.1  # of Python's in a process: it must not cost more than what it saves

_compiling = threading.Lock()


class Kernel:
    """A function of arrays, called by position.

    Parameters
    ----------
    function
        What is to be run.
    alone
        Whether Python may run it for a row: in milliseconds, and to the same bits. Its first argument is then an
        array of one row, or of the values of one.
    arrays
        What Python runs instead, where operations on whole arrays do the same to each element.
    """

    seconds = 0.0  # that Python has run kernels in this process
    uses_python = True  # until a kernel is compiled or loaded

    def __init__(
        self, function: Callable[..., object], *, alone: bool, arrays: Callable[..., object] | None = None
    ) -> None:
        self.function, self.alone, self._arrays = function, alone, arrays
        update_wrapper(self, function)

    def __call__(self, *arguments: object) -> object:
        """Return what the function returns."""
        if Kernel.uses_python and self.alone and _is_one_row(arguments[0]):
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

    @cached_property
    def compiled(self) -> Callable[..., object]:
        """The function as numba compiles it, or has compiled it before."""
        with _compiling:
            Kernel.uses_python = False
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


def _is_one_row(values: object) -> bool:
    shape: tuple[int, ...] = cast("NDArray[np.float64]", values).shape
    return shape[0] == 1 if len(shape) > 1 else shape[0] <= _FEW


def kernel(function: F) -> F:
    """Make a function a kernel, which numba compiles when it is first called."""
    return cast("F", Kernel(function, alone=False))


def kernel_of_a_row(function: F) -> F:
    """Make a function a kernel that Python may run for a row; see `Kernel`."""
    return cast("F", Kernel(function, alone=True))


def kernel_like(arrays: F) -> Callable[[F], F]:
    """Make a function a kernel in whose place Python, for a row, runs one of whole arrays; see `Kernel`."""
    return lambda function: cast("F", Kernel(function, alone=False, arrays=arrays))
