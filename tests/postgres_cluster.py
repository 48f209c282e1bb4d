"""A PostgreSQL server of the tests' own, with adsql in it: a private copy of the installed one, on loopback.

The copy keeps the tests out of the system's folder of extensions; PostgreSQL finds its parts beside its programs.
adsql's code is copied to where the server's user can read it, and keeps the times of its files, so that kernels
compiled by an earlier run are used again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
_BASE = Path(f"/var/tmp/adsql-tests-{os.getuid()}-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]}")
_SETTINGS = {
    "listen_addresses": "127.0.0.1", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
    "jit": "off", "max_connections": "60",
}  # fmt: skip
# PostgreSQL refuses to run as root; Debian's package makes a user for it.
_AS_ROOT = os.getuid() == 0
_USER = {"user": "postgres", "group": "postgres", "extra_groups": []} if _AS_ROOT else {}


@dataclass(frozen=True)
class Cluster:
    """A running server; its superuser is `adsql`.

    Parameters
    ----------
    folder
        Everything of it.
    programs
        The folder of psql, pg_dump and the others.
    port
        On 127.0.0.1.
    """

    folder: Path
    programs: Path
    port: int

    def dsn(self, user: str = "adsql", dbname: str = "postgres") -> str:
        """Return a connection string as libpq takes it."""
        return f"host=127.0.0.1 port={self.port} user={user} dbname={dbname}"

    def connect(self, user: str = "adsql", dbname: str = "postgres") -> psycopg.Connection:
        """Return a connection whose statements commit themselves, and which finds adsql's names."""
        # The superuser bears the name of the extension's schema, in which it must not make its tables.
        path = "public,adsql" if user == "adsql" else '"$user",public,adsql'
        return psycopg.connect(self.dsn(user, dbname), autocommit=True, options=f"-c search_path={path}")

    def run(self, program: str, *arguments: str, user: str = "adsql", dbname: str = "postgres", stdin: str = "") -> str:
        """Run one of PostgreSQL's programs against the server and return what it prints."""
        connection = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": user, "PGDATABASE": dbname}
        done = subprocess.run(
            [self.programs / program, *arguments], input=stdin, capture_output=True, text=True, check=False,
            env={"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"], **connection},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def database(self, name: str, template: str = "template1") -> None:
        """Create a database as a copy of another one, which nobody may be connected to."""
        with self.connect() as con:
            con.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a server with the extension available; stop and delete it afterwards."""
    # Not below pytest's own folder, which the server's user may not enter.
    folder = Path(tempfile.mkdtemp(prefix="adsql-postgres-"))
    programs = _private_copy(folder)
    subprocess.run(
        [sys.executable, "-m", "adsql", "pg", "install", "--pg-config", programs / "pg_config"],
        check=True, capture_output=True,
    )  # fmt: skip
    _hand_over(folder)
    data, log = folder / "data", folder / "log"
    environment = _environment()

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [programs / program, *arguments], cwd=folder, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False, **_USER,
        )  # fmt: skip
        assert done.returncode == 0, f"{program}: {done.stderr}{log.read_text() if log.exists() else ''}"

    try:
        run("initdb", "-D", str(data), "-U", "adsql", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        port = _free_port()
        settings = " ".join(f"-c {name}={value}" for name, value in {**_SETTINGS, "port": port}.items())
        run("pg_ctl", "start", "-w", "-D", str(data), "-l", str(log), "-o", f"{settings} -k {folder}")
        try:
            yield Cluster(folder, programs, port)
        finally:
            run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(data))
    finally:
        shutil.rmtree(folder)


def _private_copy(folder: Path) -> Path:
    """Copy the installed server's programs and files, and return the folder of the programs."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*"), key=lambda path: float(path.name))
    assert installed, "PostgreSQL is missing: scripts/test installs Debian's package"
    version = installed[-1].name
    library = folder / "usr" / "lib" / "postgresql" / version
    shutil.copytree(installed[-1], library, ignore=shutil.ignore_patterns("bitcode", "pgxs"))
    shutil.copytree(f"/usr/share/postgresql/{version}", folder / "usr" / "share" / "postgresql" / version)
    return library / "bin"


def _hand_over(folder: Path) -> None:
    if _AS_ROOT:
        shutil.chown(folder, "postgres", "postgres")


def _environment() -> dict[str, str]:
    """Return the environment of a server whose Python finds adsql."""
    python = (
        os.environ.get("ADSQL_SERVER_PYTHON")
        or subprocess.run(
            [ROOT / "scripts" / "server-python"], check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()
    )
    site, kernels = _BASE / "site", _BASE / "kernels"
    _BASE.mkdir(exist_ok=True)
    with (_BASE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several workers of pytest
        for name in ("adsql", "udfs/adsql_udfs", "migrations"):
            target = "adsql/_migrations" if name == "migrations" else Path(name).name
            _synchronise(ROOT / name, site / target)
        metadata = Path(str(distribution("adsql").locate_file("adsql")))
        for found in metadata.parent.glob("adsql-*.dist-info"):
            _synchronise(found, site / found.name)
        subprocess.run([f"{python}/bin/python3", "-m", "compileall", "-q", site], check=True)
        kernels.mkdir(exist_ok=True)
        _hand_over(kernels)
    return {
        "LC_ALL": "C.UTF-8", "PATH": f"{python}/bin:{os.environ['PATH']}", "PYTHONPATH": str(site),
        "NUMBA_CACHE_DIR": str(kernels),
    }  # fmt: skip


def _synchronise(source: Path, target: Path) -> None:
    """Make a copy that differs in nothing, and write only what has changed."""
    wanted = {
        file.relative_to(source) for file in source.rglob("*") if file.is_file() and "__pycache__" not in file.parts
    }
    for name in wanted:
        old, new = source / name, target / name
        if not new.exists() or (old.stat().st_mtime_ns, old.stat().st_size) != (
            new.stat().st_mtime_ns,
            new.stat().st_size,
        ):
            new.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(old, new)
    for file in [file for file in target.rglob("*") if file.is_file() and file.relative_to(target) not in wanted]:
        if "__pycache__" not in file.parts and "_migrations" not in file.relative_to(target).parts:
            file.unlink()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
