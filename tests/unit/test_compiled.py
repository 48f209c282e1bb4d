"""Kernels are compiled wherever adsql is installed."""

from __future__ import annotations

import subprocess
import sys

from adsql.kernels.compiled import kernel


def test_a_kernel_without_a_place_for_its_cache_is_compiled_all_the_same():
    """As numba takes a function of no file, so it takes one whose directory and home are read-only."""
    functions: dict = {}
    exec("def added(a, b):\n    return a + b", functions)
    assert kernel(functions["added"])(1.5, 2.0) == 3.5


def test_a_kernel_is_kept_for_the_next_process(tmp_path):
    (tmp_path / "added.py").write_text(
        "from adsql.kernels.compiled import kernel\n\n\n@kernel\ndef added(a, b):\n    return a + b\n"
    )
    program = "from added import added; assert added(1.5, 2.0) == 3.5; print(sum(added.stats.cache_hits.values()))"
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
    program = "from outer import twice; print(twice(1.0), sum(twice.stats.cache_hits.values()))"
    told = []
    for change in ("a + 1", "a + 1", "a + 5"):
        inner = tmp_path / "inner.py"
        inner.write_text(inner.read_text().replace("a + 1", change))
        told.append(
            subprocess.run(
                [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
            ).stdout.split()
        )
    assert told == [["3.0", "0"], ["3.0", "1"], ["11.0", "0"]]
