"""The command line as a program: what it is given, and what it says."""

import tempfile
from pathlib import Path
from subprocess import CompletedProcess

from forked import start

_PATIENCE = 120


def adsql(*arguments, code=0, stdin=""):
    with tempfile.TemporaryDirectory() as folder:
        given, told, warned = (Path(folder, name) for name in ("stdin", "stdout", "stderr"))
        given.write_text(stdin, encoding="utf-8")
        process = start(arguments, (given, told, warned))
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
