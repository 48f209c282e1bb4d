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
