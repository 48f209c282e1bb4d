"""The command line as a program of its own."""

import subprocess
import sys


def adsql(*arguments, code=0, stdin=""):
    result = subprocess.run(
        [sys.executable, "-m", "adsql", *arguments],
        capture_output=True,
        text=True,
        input=stdin,
        check=False,
    )
    assert result.returncode == code, f"exit code {result.returncode}\n{result.stdout}\n{result.stderr}"
    assert "Traceback" not in result.stderr
    return result
