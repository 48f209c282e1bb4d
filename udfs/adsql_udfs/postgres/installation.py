"""Puts the extension where a server finds it, and tells what a server lacks."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from adsql.errors import IncompleteInstallation
from adsql.wording import shown
from adsql_udfs.postgres.extension import extension_files

OLDEST = 14
_MEASURED = ("/usr/lib/postgresql", "/usr/pgsql-*", "/usr/local/pgsql")
_LIBRARY = re.compile(r"libpython(3\.\d+)")


@dataclass(frozen=True)
class Installation:
    """Where the extension went, and what remains to be done.

    Parameters
    ----------
    folder
        The folder of extensions.
    files
        The files that were written.
    server
        The server's version.
    python
        The folder that must come first in the PATH of the server's processes.
    """

    folder: Path
    files: tuple[str, ...]
    server: str
    python: Path

    def remaining(self) -> str:
        """Return what a person has to do, in words."""
        major = re.split(r"\D", self.server, maxsplit=1)[0]
        path = f"{self.python}:/usr/local/bin:/usr/bin:/bin"
        return (
            f"Now put {self.python} first in the PATH of the server's processes:\n"
            f"  Debian, Ubuntu: PATH = '{path}'\n"
            f"    as a line of /etc/postgresql/{major}/main/environment\n"
            f"  elsewhere: Environment=PATH={path}\n"
            f"    below [Service] in systemctl edit postgresql-{major}\n"
            "restart the server, and in each database, as a superuser:\n"
            "  CREATE EXTENSION adsql CASCADE;\n"
            "  GRANT adsql_user TO somebody;\n"
            f"Verify it with: {self.python}/adsql pg check 'host=localhost user=somebody dbname=...'"
        )


def install(pg_config: str | None = None) -> Installation:
    """Copy the extension's files into a server's folder.

    Parameters
    ----------
    pg_config
        The server's pg_config; that of the PATH, else of the newest server found, if not given.

    Raises
    ------
    IncompleteInstallation
        If there is no server, or it lacks what adsql needs; the message says what to install.
    """
    program = _pg_config(pg_config)
    server = _told(program, "--version").removeprefix("PostgreSQL ")
    major = int(re.split(r"\D", server, maxsplit=1)[0] or 0)
    if major < OLDEST:
        raise IncompleteInstallation(f"PostgreSQL {server} is too old", allowed=f"version {OLDEST} or newer")
    folder = Path(_told(program, "--sharedir")) / "extension"
    if not (folder / "plpython3u.control").exists():
        raise IncompleteInstallation(
            f"PostgreSQL {server} has no PL/Python in {folder}",
            hint=f"apt-get install postgresql-plpython3-{major}, or dnf install postgresql{major}-plpython3",
        )
    _check_python(Path(_told(program, "--pkglibdir")) / "plpython3.so")
    written = extension_files()
    try:
        for name, text in written.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise IncompleteInstallation(
            f"{folder} cannot be written: {error.strerror}", hint="run this as the owner of that folder, such as root"
        ) from error
    return Installation(folder, tuple(written), server, Path(sys.prefix) / "bin")


def _pg_config(given: str | None) -> str:
    if given is not None:
        found = shutil.which(given)
        if found is None:
            raise IncompleteInstallation(
                f"{shown(given)} is no program", hint="pass the path of the server's pg_config"
            )
        return found
    # A server's own: the one in Debian's PATH belongs to the client library, and may be of another version.
    installed = [path for pattern in _MEASURED for path in Path("/").glob(f"{pattern[1:]}/**/bin/pg_config")]
    newest = max(installed, key=_version_in, default=None)
    found = str(newest) if newest is not None else shutil.which("pg_config")
    if found is None:
        raise IncompleteInstallation(
            "no pg_config was found", hint="install PostgreSQL's server and pg_config, or pass --pg-config PATH"
        )
    return found


def _version_in(path: Path) -> int:
    return max((int(number) for number in re.findall(r"\d+", str(path))), default=0)


def _told(program: str, option: str) -> str:
    try:
        done = subprocess.run([program, option], capture_output=True, text=True, check=True)  # noqa: S603 - as asked
    except (OSError, subprocess.CalledProcessError) as error:
        raise IncompleteInstallation(
            f"{program} {option} failed: {error}", hint="pass the server's pg_config"
        ) from error
    return done.stdout.strip()


def _check_python(library: Path) -> None:
    """Raise if PL/Python was built with another Python than the one that adsql runs in."""
    ldd = shutil.which("ldd")
    if ldd is None or not library.exists():
        return
    told = subprocess.run([ldd, str(library)], capture_output=True, text=True, check=False).stdout  # noqa: S603 - as above
    found = _LIBRARY.search(told)
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    if found is not None and found[1] != own:
        raise IncompleteInstallation(
            f"the server's PL/Python is Python {found[1]}, and this adsql is installed for Python {own}",
            hint=f"python{found[1]} -m venv /opt/adsql, then /opt/adsql/bin/pip install adsql and use its adsql",
        )
