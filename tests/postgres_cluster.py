"""A PostgreSQL server of the tests' own: a new cluster in a temporary folder, reached through a socket in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

_SETTINGS = {
    "listen_addresses": "", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "jit": "off",
}  # fmt: skip


@contextmanager
def cluster() -> Iterator[str]:
    """Start a server and yield its connection string; stop and delete it afterwards."""
    programs = _programs()
    # Not below pytest's own folder, which the server's user may not enter.
    folder = Path(tempfile.mkdtemp(prefix="adsql-postgres-"))
    # PostgreSQL refuses to run as root; Debian's package makes a user for it.
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
    if user:
        shutil.chown(folder, "postgres", "postgres")
    data, log = folder / "data", folder / "log"

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [programs / program, *arguments], cwd=folder, env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False, **user,
        )  # fmt: skip
        assert done.returncode == 0, f"{program}: {done.stderr}{log.read_text() if log.exists() else ''}"

    try:
        run("initdb", "-D", str(data), "-U", "adsql", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        settings = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
        run("pg_ctl", "start", "-w", "-D", str(data), "-l", str(log), "-o", f"{settings} -k {folder}")
        try:
            yield f"host={folder} user=adsql dbname=postgres"
        finally:
            run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(data))
    finally:
        shutil.rmtree(folder)


def connected(dsn: str) -> psycopg.Connection:
    """Return a connection whose statements commit themselves."""
    return psycopg.connect(dsn, autocommit=True)


def _programs() -> Path:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    if installed:
        return installed[-1]
    found = shutil.which("initdb")
    assert found, "PostgreSQL is missing: scripts/test installs Debian's package"
    return Path(found).parent
