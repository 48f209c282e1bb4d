"""Kernels are compiled wherever adsql is installed."""

from __future__ import annotations

import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from adsql.kernels import compiled
from adsql.kernels.compiled import Kernel, kernel, kernel_like, kernel_of_a_row
from adsql.kernels.forms import squared_length
from adsql.kernels.local_density import local_outlier_factor
from adsql.kernels.neighbours import LARGEST, nearest_distance
from adsql.kernels.trees import mean_complete_leaf_value


def test_a_kernel_without_a_place_for_its_cache_is_compiled_all_the_same():
    """As numba takes a function of no file, so it takes one whose directory and home are read-only."""
    functions: dict = {}
    exec("def added(a, b):\n    return a + b", functions)
    assert kernel(functions["added"])(1.5, 2.0) == 3.5


def test_a_kernel_is_kept_for_the_next_process(tmp_path):
    (tmp_path / "added.py").write_text(
        "from adsql.kernels.compiled import kernel\n\n\n@kernel\ndef added(a, b):\n    return a + b\n"
    )
    program = (
        "from added import added; assert added(1.5, 2.0) == 3.5; print(sum(added.compiled.stats.cache_hits.values()))"
    )
    hits = [
        subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert [int(hit) for hit in hits] == [0, 1]


def test_a_kept_kernel_is_called_without_what_numba_compiles_with(tmp_path):
    """And what is compiled afterwards finds all of it."""
    (tmp_path / "total.py").write_text(
        "import numpy as np\nfrom adsql.kernels.compiled import kernel\n\n\n@kernel\ndef total(rows):\n"
        "    sums = np.zeros(rows.shape[0])\n    for i in range(rows.shape[0]):\n        sums[i] = rows[i].sum()\n"
        "    return np.sort(sums)\n"
    )
    program = (
        "import sys; import numpy as np; from total import total; rows = np.array([[3.0, 4.0], [1.0, 2.0]]);"
        "assert total(rows).tolist() == [3.0, 7.0]; print('numba.cpython.unicode' in sys.modules);"
        "assert total(rows.astype(np.float32)).tolist() == [3.0, 7.0]; assert total(rows).tolist() == [3.0, 7.0]"
    )
    imported = [
        subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert [each.strip() for each in imported] == ["True", "False"]


def test_what_only_compiles_is_not_loaded_for_a_failing_kernel_either(tmp_path):
    (tmp_path / "picked.py").write_text(
        "from adsql.kernels.compiled import kernel\n\n\n@kernel\ndef picked(rows, i):\n"
        "    if i >= rows.shape[0]:\n        raise IndexError('no such row')\n    return rows[i]\n"
    )
    program = (
        "import numpy as np; from picked import picked\n"
        "try:\n    picked(np.zeros(2), 2)\nexcept IndexError as error:\n    print(error)"
    )
    messages = [
        subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert messages == ["no such row\n"] * 2


def test_a_kept_kernel_is_compiled_anew_where_another_that_it_calls_has_changed(tmp_path):
    """numba looks at the file of the kernel alone: after an upgrade, the code of the version before would run."""
    (tmp_path / "inner.py").write_text(
        "from adsql.kernels.compiled import kernel\n\n\n@kernel\ndef step(a):\n    return a + 1\n"
    )
    (tmp_path / "outer.py").write_text(
        "from adsql.kernels.compiled import kernel\nfrom inner import step\n\n\n@kernel\ndef twice(a):\n"
        "    return step(step(a))\n"
    )
    program = "from outer import twice; print(twice(1.0), sum(twice.compiled.stats.cache_hits.values()))"
    told = []
    for change in ("a + 1", "a + 1", "a + 10"):  # of another size: Python looks at that, and at whole seconds
        inner = tmp_path / "inner.py"
        inner.write_text(inner.read_text().replace("a + 1", change))
        told.append(
            subprocess.run(
                [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
            ).stdout.split()
        )
    assert told == [["3.0", "0"], ["3.0", "1"], ["21.0", "0"]]


@pytest.fixture
def first_rows(monkeypatch):
    """Kernels as those of a process that has not loaded numba; afterwards, as they were."""
    monkeypatch.setattr(Kernel, "uses_python", True)
    monkeypatch.setattr(Kernel, "seconds", 0.0)


@pytest.fixture
def ran(first_rows):
    """A kernel of a row that says in a list, which numba could not compile, that Python ran it."""
    said = []

    def total(values):
        said.append(len(values))
        return values.sum()

    made = kernel_of_a_row(lambda values: values.size)(total)
    vars(made)["compiled"] = lambda _: "compiled"
    return made, said


def test_python_runs_a_row_until_it_has_taken_its_time(ran, monkeypatch):
    total, said = ran
    assert total(np.ones((1, 3))) == 3.0
    assert total(np.ones(1)) == 1.0
    monkeypatch.setattr(compiled, "_MOST_SECONDS", 0.0)
    assert total(np.ones((1, 5))) == 5.0
    assert total(np.ones((1, 6))) == "compiled"
    assert said == [1, 1, 1]


@pytest.mark.parametrize("shape", [(2, 3), (0, 3), (2,), (1, 30_001)])
def test_python_does_not_run_what_is_no_row_or_takes_long(ran, shape):
    total, said = ran
    assert total(np.ones(shape)) == "compiled"
    assert said == []


def test_python_runs_nothing_once_a_kernel_is_compiled(ran):
    total, said = ran

    @kernel
    def doubled(a):
        return a + a

    assert doubled(1.5) == 3.0
    assert total(np.ones((1, 3))) == "compiled"
    assert said == []


@kernel_of_a_row(len)
def logarithms(values):
    result = np.empty(values.shape[0])
    for i in range(values.shape[0]):
        result[i] = math.log(values[i])
    return result


@pytest.mark.parametrize(("value", "expected"), [(0.0, -np.inf), (-1.0, np.nan), (np.inf, np.inf), (1.0, 0.0)])
def test_where_python_raises_compiled_code_says_what_comes_out(first_rows, value, expected):
    np.testing.assert_equal(logarithms(np.array([value])), [expected])


def test_an_error_that_is_none_of_arithmetic_is_raised(first_rows):
    @kernel_of_a_row(len)
    def misspelt(values):
        return values.sun()

    with pytest.raises(AttributeError, match="sun"):
        misspelt(np.ones(1))


def _halves_of_arrays(values):
    values *= 0.5


@kernel_like(_halves_of_arrays)
def halves(values):
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            values[i, j] /= 2.0


@kernel
def sum_of_halves(values):
    halves(values)
    return values.sum()


@kernel_of_a_row(len)
def mean_of_halves(values):
    return sum_of_halves(values) / values.size


def test_kernels_call_kernels_compiled_and_by_python(first_rows):
    assert mean_of_halves(np.array([[1.0, 2.0]])) == 0.75
    assert Kernel.seconds > 0.0
    assert not {"compiled"} & (vars(mean_of_halves).keys() | vars(halves).keys())
    assert mean_of_halves(np.arange(200.0).reshape(2, 100)) == 49.75


ZEROS = np.zeros((1, 8))


@pytest.mark.parametrize(
    ("scoring", "arguments"),
    [
        (nearest_distance, (ZEROS, np.zeros((8, 50_000)), 5, LARGEST)),
        (local_outlier_factor, (ZEROS, np.zeros((8, 10_000)), 100, np.zeros(10_000), np.zeros(10_000))),
        (squared_length, (np.zeros((1, 300)), np.zeros(300), np.zeros((300, 300)), False)),
        (mean_complete_leaf_value, (ZEROS, *(np.zeros((1_000, 255), kind) for kind in (np.uint32, np.float32, float)))),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_python_leaves_large_models_to_compiled_code(first_rows, monkeypatch, scoring, arguments):
    monkeypatch.setitem(vars(scoring), "compiled", lambda *_: "compiled")
    assert scoring(*arguments) == "compiled"


def test_threads_compile_a_kernel_once():
    @kernel
    def tripled(a):
        return 3.0 * a

    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: id(tripled.compiled), range(64)))
    assert len(found) == 1
