"""The command line: the same SQL calls for files and DuckDB databases."""

from __future__ import annotations


def main() -> None:
    """Run the `adsql` command."""
    from adsql.cli.app import app  # noqa: PLC0415 - `import adsql` must not load the command line

    app()


__all__ = ["main"]
