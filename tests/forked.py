"""The command line as processes of their own, forked from one that has imported it.

Importing it anew takes most of a second, and what commands import when they need it up to four; the tests run some
hundreds of them, and dozens of gateways. `python -m adsql` itself is run by the tests that pipe commands and interrupt
them, and by those of gateways that refuse to start.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from multiprocessing.process import BaseProcess

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload([
    "adsql.cli.app", "adsql_udfs.duckdb", "adsql_server.serve",
    # What they import when they need it.
    "adsql.kernels.compiling", "adsql.plot.picture", "adsql.series.algorithms", "pandas", "scipy.special",
    "sklearn.ensemble", "typer._adapters",
])  # fmt: skip


def start(
    arguments: Sequence[str], streams: tuple[Path, Path, Path], environment: Mapping[str, str] = os.environ
) -> BaseProcess:
    """Start `adsql` in the current folder.

    Parameters
    ----------
    arguments
        Those of the command line.
    streams
        The files that are its standard input, output and error; what it writes is appended to them.
    environment
        Its variables.
    """
    process = _forking.Process(target=_run, args=(arguments, Path.cwd(), dict(environment), streams), daemon=True)
    process.start()
    return process


def _run(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], streams: tuple[Path, Path, Path]
) -> None:
    """Become the command, in the forked process."""
    from adsql.cli import main  # noqa: PLC0415 - the tests themselves need not load the command line

    for number, (path, flags) in enumerate(
        zip(streams, (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT | os.O_APPEND] * 2), strict=True)
    ):
        os.dup2(os.open(path, flags), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - multiprocessing has closed it
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["adsql", *arguments]
    main()
