"""The tables of the report: which cases they run, and the ratios of their figures."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from measured.clock import CHUNK
from measured.process import run
from measured.tables import name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DETECTORS = (
    "auto", "iforest", "eif", "inne", "knn", "lof", "hbos", "loda", "ecod", "copod", "zscore", "mad", "mcd", "pca",
    "gmm",
)  # fmt: skip
TWINS = frozenset(DETECTORS) - {"auto", "eif", "zscore", "mad"}  # those PyOD has too
COLUMNS = 8
MAX_PAIR_ROWS = 100_000  # that PyOD's neighbours are asked to compare with each other


@dataclass(frozen=True)
class Setting:
    """What all sections share: the database, the rows of the table that is scored, and how much to measure."""

    database: str
    rows: int
    shapes: tuple[tuple[int, int], ...]
    detectors: tuple[str, ...]
    repeats: int

    @property
    def table(self) -> str:
        return name(self.rows, COLUMNS)

    def run(self, case: str, **arguments: Any) -> dict[str, Any]:
        return run(case, database=self.database, **arguments)

    def score(self, model: str, form: str, threads: int) -> dict[str, Any]:
        return self.run("ours.score", table=self.table, model=model, form=form, threads=threads, repeats=self.repeats)

    def bare(self, case: str, threads: int) -> dict[str, Any]:
        return self.run(case, table=self.table, threads=threads, repeats=3 * self.repeats)

    def available(self, *names: str) -> list[str]:
        return [each for each in names if each in self.detectors]


@dataclass(frozen=True)
class Section:
    """A table with a title and what there is to know about it."""

    title: str
    text: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        widths = [max(len(row[j]) for row in (self.header, *self.rows)) for j in range(len(self.header))]
        lines = [self.header, ["-" * width for width in widths], *self.rows]
        # The first column is a name, all others are figures.
        cells = (
            " | ".join(c.ljust(w) if j == 0 else c.rjust(w) for j, (c, w) in enumerate(zip(line, widths, strict=True)))
            for line in lines
        )
        return f"## {self.title}\n\n{self.text}\n\n" + "\n".join(f"| {line} |" for line in cells) + "\n"


def scoring(setting: Setting) -> Section:
    rows = []
    for model in setting.detectors:
        row, table = (setting.score(model, form, 1)["cpu"] for form in ("row", "table"))
        cells = [f"`{model}`", micro(row), micro(table), "", "", "", ""]
        if model in TWINS:
            udf, bulk = (
                setting.run(f"peers.{case}", table=setting.table, detector=model)["cpu"]
                for case in ("through_udf", "in_bulk")
            )
            cells[3:] = [micro(udf), micro(bulk), times(udf / row), times(bulk / row)]
        rows.append(cells)
    text = (
        f"CPU microseconds a row, one thread, {COLUMNS} columns, {setting.rows:,} rows, a saved model. `anomaly_score` "
        "is `SELECT max(anomaly_score('m', t)) FROM t`, `detect_anomalies` is `SELECT max(anomaly_score) FROM "
        "detect_anomalies('t', model => 'm')`. The peers are fitted to 25,600 of the rows with PyOD's defaults: in a "
        "UDF is `decision_function` in the same kind of Arrow UDF, which DuckDB calls with 2,048 rows; in bulk is one "
        "call with one array (scikit-learn's `score_samples` for `iforest`, PyOD's `decision_function` for others), "
        "without a database. The slow ones score fewer rows. The last two columns compare them with `anomaly_score`. "
        "Goal for `iforest`: 11 and 5.5 times as fast."
    )
    header = (
        "detector", "anomaly_score", "detect_anomalies", "PyOD in a UDF", "in bulk", "times a UDF", "times bulk",
    )  # fmt: skip
    return Section("Scoring rows", text, header, rows)


def _on_one_and_two(measure: Callable[..., dict[str, Any]], *arguments: str) -> list[float]:
    """Return CPU seconds on one thread and wall seconds on two: on one, CPU is the steadier figure."""
    return [measure(*arguments, 1)["cpu"], measure(*arguments, 2)["wall"]]


def scans(setting: Setting) -> Section:
    goals = {"zscore": 5, "mad": 5, "mcd": 5, "hbos": 12, "pca": 12}
    bare = _on_one_and_two(setting.bare, "ours.scan")
    rows = [["bare scan", *map(nano, bare), "", "", ""]]
    for model in setting.available(*goals):
        taken = _on_one_and_two(setting.score, model, "table")
        ratios = [times(seconds / scan) for seconds, scan in zip(taken, bare, strict=True)]
        rows.append([f"`{model}`", *map(nano, taken), *ratios, str(goals[model])])
    text = (
        "What a cheap model costs beside reading the columns: nanoseconds a row of `SELECT max(anomaly_score) FROM "
        f"detect_anomalies('t', model => 'm')` over {setting.rows:,} rows, CPU on one thread and wall on two, and how "
        "many times that of `SELECT sum(f0 + ... + f7) FROM t` on as many threads it is."
    )
    header = ("", "CPU, 1 thread", "wall, 2 threads", "times the scan", "on 2 threads", "goal: at most")
    return Section("Cheap models and a bare scan", text, header, rows)


def overhead(setting: Setting) -> Section:
    idle = _on_one_and_two(setting.bare, "ours.idle_udf")
    rows = [["UDF that returns its input", *map(nano, idle), "", "", ""]]
    for model in setting.available("zscore", "mad", "mcd", "hbos", "pca"):
        taken = _on_one_and_two(setting.score, model, "row")
        ratios = [times(seconds / least) for seconds, least in zip(taken, idle, strict=True)]
        rows.append([f"`{model}`", *map(nano, taken), *ratios, "2"])
    text = (
        "What a cheap model costs beside getting its rows: nanoseconds a row of `SELECT max(anomaly_score('m', t)) "
        f"FROM t` over {setting.rows:,} rows, CPU on one thread and wall on two, and how many times that of an Arrow "
        "UDF which gets the same row and returns it (`SELECT max(same(t).f0) FROM t`)."
    )
    header = ("", "CPU, 1 thread", "wall, 2 threads", "times the idle UDF", "on 2 threads", "goal: at most")
    return Section("Cheap models and an idle UDF", text, header, rows)


def threads(setting: Setting) -> Section:
    rows = []
    for model in setting.available("iforest", "auto", "knn"):
        for form, label in (("row", "anomaly_score"), ("table", "detect_anomalies")):
            one, two = (setting.score(model, form, number)["wall"] for number in (1, 2))
            rows.append([f"`{model}`, `{label}`", micro(one), micro(two), f"{100 * (1 - two / one):.0f}%"])
    text = (
        f"Wall microseconds a row on one and two of DuckDB's threads, {setting.rows:,} rows, {COLUMNS} columns. "
        "Goal for `iforest`: falls by a third or more."
    )
    return Section("Threads", text, ("", "1 thread", "2 threads", "falls by"), rows)


def today(setting: Setting) -> Section:
    rows = []
    for shape in setting.shapes:
        rows.append(_beside_today(setting, shape, "iforest"))
        if shape[0] <= MAX_PAIR_ROWS and shape[1] == COLUMNS:
            rows += [_beside_today(setting, shape, each) for each in setting.available("knn", "lof")]
    text = (
        "`CREATE TABLE r AS FROM detect_anomalies('t', algorithm => ...)` beside pulling the table into pandas, "
        "fitting and scoring with PyOD's defaults, and writing scores and labels back; both on all threads that they "
        "take by themselves. Wall seconds, microseconds a row, and peak memory in MB beyond the process with the table "
        f"loaded. Both have done {CHUNK:,} rows before, so that imports are not counted. adsql trains on a sample, "
        "PyOD on all rows; what that does to accuracy is another page ([accuracy](accuracy.md)). PyOD's neighbours, "
        f"which compare all rows with each other, are asked for up to {MAX_PAIR_ROWS:,}. "
        "Goal at 10M x 8: 5 times as fast, below 1,500 MB."
    )
    header = (
        "rows x columns, detector", "adsql s", "µs a row", "MB", "PyOD and pandas s", "µs a row", "MB", "times as fast",
    )  # fmt: skip
    return Section("A whole table, and what a user does today", text, header, rows)


def _beside_today(setting: Setting, shape: tuple[int, int], detector: str) -> list[str]:
    cells, walls = [f"{size(shape[0])} x {shape[1]}, `{detector}`"], []
    for case in ("ours.detect", "peers.today"):
        figures = run(
            case, processes=setting.repeats, one_thread=False,
            database=setting.database, table=name(*shape), detector=detector,
        )  # fmt: skip
        walls.append(figures["wall"])
        cells += [f"{figures['wall']:.2f}", micro(figures["wall"] / shape[0]), f"{figures['peak']:,.0f}"]
    return [*cells, times(walls[1] / walls[0])]


def first_calls(setting: Setting) -> Section:
    table = name(min(rows for rows, _ in setting.shapes), COLUMNS)
    detect = "SELECT max(anomaly_score) FROM detect_anomalies"
    queries = {
        "`anomaly_score`, a saved `iforest`": f"SELECT max(anomaly_score('iforest', t)) FROM {table} AS t",
        "`detect_anomalies`, `iforest`": f"{detect}('{table}', algorithm => 'iforest')",
        "`detect_anomalies`, `auto`": f"{detect}('{table}')",
    }
    alone = f"{run('first_call.libraries', processes=setting.repeats, one_thread=False)['wall']:.2f}"
    rows = [["the libraries alone", alone, "", "", alone, ""]]
    for label, query in queries.items():
        with tempfile.TemporaryDirectory() as empty:
            cold = run(
                "first_call.first", one_thread=False, environment={"NUMBA_CACHE_DIR": empty},
                database=setting.database, query=query,
            )  # fmt: skip
        warm = run(
            "first_call.first", processes=setting.repeats, one_thread=False, database=setting.database, query=query
        )
        parts = [f"{warm[part]:.2f}" for part in ("import", "connect", "query", "wall")]
        rows.append([label, *parts, f"{cold['wall']:.2f}"])
    text = (
        "Seconds in a fresh process, over the smallest table, with kernels compiled and cached on disk by an earlier "
        "process; the last column is the very first process of an installation, which compiles them. Starting Python "
        "is not counted. The first line is what importing numpy, pyarrow, numba and DuckDB takes, which adsql does "
        "when it connects, and numba when it scores. Goal: scoring below a second."
    )
    return Section("The first call", text, ("", "import", "connect", "query", "all", "kernels not yet compiled"), rows)


def parts(setting: Setting) -> Section:
    algorithms = setting.available("auto", "iforest")
    profiles = [
        run(
            "stopwatch.profile",
            processes=setting.repeats,
            database=setting.database,
            table=setting.table,
            algorithm=each,
        )
        for each in algorithms
    ]
    labels = [label for label in profiles[0] if label not in ("wall", "copy", "process")]
    rest = [each["wall"] - sum(each[label] for label in labels) for each in profiles]
    rows = [[label, *(_share(each[label], each["wall"]) for each in profiles)] for label in labels]
    rows.append(["the rest", *(_share(left, each["wall"]) for left, each in zip(rest, profiles, strict=True))])
    rows.append(["all", *(_share(each["wall"], each["wall"]) for each in profiles)])
    rows.append(["copying the table, for comparison", *(_share(each["copy"], each["wall"]) for each in profiles)])
    text = (
        "`CREATE TABLE r AS FROM detect_anomalies('t', algorithm => ...)` on one thread, "
        f"{setting.rows:,} x {COLUMNS}: seconds, and the share of all. The threshold fits the detector a second time, "
        "to simulated clean rows. The rest is reading, handing rows to Python and back as Arrow, and writing the "
        "result; copying the table with three more columns is the part of it that any statement would pay."
    )
    return Section("Where the time goes", text, ("", *(f"`{each}`" for each in algorithms)), rows)


SECTIONS: dict[str, Callable[[Setting], Section]] = {
    "scoring": scoring, "scans": scans, "overhead": overhead, "threads": threads, "today": today, "first": first_calls,
    "parts": parts,
}  # fmt: skip


def size(rows: int) -> str:
    """Return 10000 as 10k."""
    for unit, suffix in ((1_000_000, "M"), (1_000, "k")):
        if rows % unit == 0:
            return f"{rows // unit}{suffix}"
    return str(rows)


def micro(seconds: float) -> str:
    return f"{1e6 * seconds:,.2f}"


def nano(seconds: float) -> str:
    return f"{1e9 * seconds:,.0f}"


def times(ratio: float) -> str:
    return f"{ratio:,.1f}"


def _share(seconds: float, whole: float) -> str:
    return f"{seconds:.2f} ({100 * seconds / whole:.0f}%)"
