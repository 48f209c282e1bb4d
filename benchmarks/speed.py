"""Speed and memory of the SQL functions, beside those of peers measured in the same run.

Usage: python benchmarks/speed.py [--quick] [--sizes 10k,100k,1M,10M] [--sections scoring,today,...] [--page]

Prints a table for each section (Markdown). Every figure is from a process of its own, and the least of several. The
tables are made by DuckDB in a temporary folder, 3 GB for 10M rows. With --page, docs/performance.md is written.
The full run takes about an hour on two cores, and wants a quiet machine.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from measured.process import run
from measured.sections import COLUMNS, DETECTORS, SECTIONS, Section, Setting
from measured.tables import name

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
SIZES = "10k,100k,1M,10M"
SCORED_ROWS = 1_000_000
WIDE = (1_000_000, 32)
PEERS = ("duckdb", "pyod", "scikit-learn", "numba", "numpy", "pyarrow", "pandas")

INTRODUCTION = """# Performance

<!-- Written by benchmarks/speed.py --page: change it there. -->

Ratios are what to trust: they are of figures from one run on one machine, and other machines have other figures. Each
figure is from a process of its own and the least of several. The tables have correlated normal columns, with larger
deviations in one row of a hundred. `python benchmarks/speed.py` measures it again.

"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=sizes, default=sizes(SIZES), help=f"rows of whole tables (default: {SIZES})")
    parser.add_argument("--quick", action="store_true", help="10k and 100k rows, nothing repeated: to try the command")
    parser.add_argument("--sections", default=",".join(SECTIONS), help="default: %(default)s")
    parser.add_argument("--page", action="store_true", help="write docs/performance.md")
    arguments = parser.parse_args()
    chosen = arguments.sections.split(",")
    if unknown := set(chosen) - set(SECTIONS):
        parser.error(f"no section {', '.join(sorted(unknown))}: there are {', '.join(SECTIONS)}")
    if arguments.page and (arguments.quick or set(chosen) != set(SECTIONS)):
        parser.error("--page wants all sections of a full run")

    rows = SCORED_ROWS
    wanted = arguments.sizes
    if arguments.quick:
        rows, wanted = 100_000, [10_000, 100_000]
    shapes = tuple((size, COLUMNS) for size in wanted)
    if WIDE[0] in wanted:
        shapes = (*shapes, WIDE)
    with tempfile.TemporaryDirectory(prefix="adsql-speed-") as folder:
        database = str(Path(folder) / "tables.duckdb")
        prepared = run(
            "ours.prepare", database=database, shapes=[*shapes, (rows, COLUMNS)], detectors=DETECTORS,
            table=name(rows, COLUMNS),
        )  # fmt: skip
        setting = Setting(database, rows, shapes, tuple(prepared["detectors"]), 1 if arguments.quick else 3)
        sections = []
        for each in chosen:
            sections.append(SECTIONS[each](setting))
            print(sections[-1].markdown(), flush=True)
    if arguments.page:
        PAGE.write_text(page(sections), encoding="utf-8")
        print(f"wrote {PAGE}", file=sys.stderr)


def sizes(text: str) -> list[int]:
    """Return '10k,1M' as numbers of rows."""
    units = {"k": 1_000, "M": 1_000_000}
    return sorted({int(part.rstrip("kM")) * units.get(part[-1:], 1) for part in text.split(",")})


def page(sections: list[Section]) -> str:
    """Return docs/performance.md."""
    return INTRODUCTION + machine() + "\n\n" + "\n".join(section.markdown() for section in sections)


def machine() -> str:
    """Return where and when this runs, and with what."""
    information = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    models = [line.partition(":")[2].strip() for line in information.splitlines() if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{package} {version(package)}" for package in ("adsql", *PEERS))
    return (
        f"Measured on {dt.datetime.now(tz=dt.UTC).date()}: {models[0] if models else platform.machine()}, "
        f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, Python {platform.python_version()}; {versions}."
    )


if __name__ == "__main__":
    main()
