"""Rules that reviews hold, held by the suite."""

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import FunctionType

import pytest

from adsql.kernels.compiled import Kernel

ROOT = Path(__file__).parents[2]
PACKAGES = [ROOT / "adsql", ROOT / "udfs" / "adsql_udfs", ROOT / "server" / "adsql_server"]
MODULES = [file for package in PACKAGES for file in sorted(package.rglob("*.py"))]
TRAINER = """
import sys
from pathlib import Path
import pyarrow as pa
from adsql import registry
from adsql.model import Model
from adsql.options import TrainingOptions
table = {"x": pa.array([float(i % 13) for i in range(300)])}
for name in registry.row_wise_detectors():
    Path(sys.argv[1], name).write_bytes(Model.fit(table, TrainingOptions.parse(name)).to_bytes())
    print(name)
"""
SCORER = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        absent = {"sklearn", "pyod", "scipy", "pandas", "matplotlib", "duckdb", "sqlglot", "typer", "rich"}
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
from pathlib import Path
import pyarrow as pa
from adsql.model import Model
from adsql.options import TrainingOptions
table = {"x": pa.array([float(i % 13) for i in range(300)])}
stored = {name: Path(sys.argv[1], name).read_bytes() for name in sys.argv[2:]}
for name, data in stored.items():
    Model.from_bytes(data).score(table)
"""
ROWS = """
import sys
from pathlib import Path
import numpy as np
from adsql.kernels import compiled
from adsql.model import Model
compiled._MOST_SECONDS = 60.0  # for all of them, in one process
for name in sys.argv[2:]:
    scores = Model.from_bytes(Path(sys.argv[1], name).read_bytes()).segments[""].score_values(np.array([4.0]))
    assert scores.severity[0] >= 0.0
    assert "numba" not in sys.modules, name
"""
IDS = [str(file.relative_to(ROOT)) for file in MODULES]


def test_there_are_modules_to_look_at():
    assert len(MODULES) > 30


@pytest.mark.parametrize("file", MODULES, ids=IDS)
def test_module_is_short_and_named_for_what_it_does(file):
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 400
    assert not re.search(r"util|helper|manager|common|misc", file.name)


@pytest.mark.parametrize("file", MODULES, ids=IDS)
def test_module_neither_pickles_nor_evaluates(file):
    code = file.read_text(encoding="utf-8")
    assert not re.search(r"^\s*(import|from)\s+(pickle|joblib|dill|cloudpickle|marshal|shelve)\b", code, re.MULTILINE)
    assert not re.search(r"(?<![\w.])(eval|exec)\(", code)


def run(script, *arguments):
    result = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_scoring_works_without_fitting_libraries_and_drivers(tmp_path):
    """A PostgreSQL backend pays for every import: a stored model scores with numpy, pyarrow and numba alone.

    Its first row does without numba.
    """
    names = run(TRAINER, tmp_path).split()
    assert "iforest" in names
    run(SCORER, tmp_path, *names)
    # These would keep Python longer than numba.
    run(ROWS, tmp_path, *(name for name in names if name not in {"inne", "kpca"}))


def kernels_of_a_row():
    """Every function that Python may run in place of compiled code."""
    modules = [importlib.import_module(f"adsql.kernels.{file.stem}") for file in (ROOT / "adsql/kernels").glob("*.py")]
    found = {id(each): each for module in modules for each in vars(module).values() if isinstance(each, Kernel)}
    waiting = [each.interpreted for each in found.values() if each.microseconds is not None]
    functions = {}
    while waiting:
        function = waiting.pop()
        if function.__code__ not in functions:
            functions[function.__code__] = function.__name__
            called = [function.__globals__.get(name) for name in function.__code__.co_names]
            waiting += [each for each in called if isinstance(each, FunctionType)]
    return functions


KERNELS_OF_A_ROW = kernels_of_a_row()


@pytest.mark.parametrize("code", KERNELS_OF_A_ROW, ids=KERNELS_OF_A_ROW.values())
def test_what_python_may_run_uses_no_functions_of_numpy_that_round_in_their_own_way(code):
    rounding = r"\bnp\.(exp|expm1|exp2|log|log1p|log2|log10|sin|cos|tan|a?sinh|a?cosh|a?tanh|arc\w+|power|hypot|dot|sum|mean)\b"
    assert not re.search(rounding, inspect.getsource(code))
