"""The command line as a program of its own.

Every command is a process of its own, forked from one that has imported the command line: importing it anew takes
most of a second, and the tests run some hundreds of commands. `python -m adsql` itself is run by the tests that pipe
commands and interrupt them, and by those of the documentation.
"""

import multiprocessing
import os
import sys
import tempfile
from pathlib import Path
from subprocess import CompletedProcess

_PATIENCE = 120
_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload([
    "adsql.cli.app", "adsql_udfs.duckdb",
    # What commands import when they need it: half of what most of them take.
    "adsql.kernels.compiling", "adsql.plot.picture", "adsql.series.algorithms", "pandas",
    "scipy.special", "sklearn.ensemble", "typer._adapters",
])  # fmt: skip


def adsql(*arguments, code=0, stdin=""):
    with tempfile.TemporaryDirectory() as folder:
        given, told, warned = (Path(folder, name) for name in ("stdin", "stdout", "stderr"))
        given.write_text(stdin, encoding="utf-8")
        process = _forking.Process(
            target=_run, args=(arguments, Path.cwd(), dict(os.environ), (given, told, warned)), daemon=True
        )
        process.start()
        process.join(_PATIENCE)
        if process.is_alive():
            process.kill()
            process.join()
        result = CompletedProcess(
            arguments, process.exitcode, told.read_text(encoding="utf-8"), warned.read_text(encoding="utf-8")
        )
        process.close()
    assert result.returncode == code, f"exit code {result.returncode}\n{result.stdout}\n{result.stderr}"
    assert "Traceback" not in result.stderr
    return result


def _run(arguments, folder, environment, streams):
    """Become the command, in the forked process."""
    from adsql.cli import main  # noqa: PLC0415 - the tests themselves need not load the command line

    for number, (path, flags) in enumerate(zip(streams, (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT] * 2), strict=True)):
        os.dup2(os.open(path, flags), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - multiprocessing has closed it
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["adsql", *arguments]
    main()
