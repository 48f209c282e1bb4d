"""Writes `golden/<dialect>.sql`: the golden models of `tests/state` as each dialect has them.

Run from the top of the checkout, after adding a detector or changing the text on purpose::

    PYTHONPATH=tests python -m sqlgen.make_golden

The stored models are used, not new ones: training differs in the last bit between processors.
"""

from __future__ import annotations

from pathlib import Path

from adsql.detector import ToSql
from adsql.model import Model
from adsql.registry import detectors
from adsql.sqlgen import model_sql
from adsql.sqlgen.dialects import DIALECTS
from state.make_golden import GOLDEN as STATES

GOLDEN = Path(__file__).parent / "golden"


def written(dialect):
    """Return the statements of all golden models in a dialect."""
    parts = []
    for name, cls in detectors().items():
        if issubclass(cls, ToSql):
            model = Model.from_bytes((STATES / f"{name}.arrow").read_bytes())
            parts.append(f"-- {name}\n{model_sql(model, dialect, 'trips')};\n")
    return "\n".join(parts)


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for dialect in DIALECTS:
        (GOLDEN / f"{dialect.name}.sql").write_text(written(dialect.name), encoding="utf-8")
