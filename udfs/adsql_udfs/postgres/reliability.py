"""What can be told of detectors without labels, from a sample of a source."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from adsql import reliability
from adsql.options import TrainingOptions
from adsql.registry import row_wise
from adsql_udfs.postgres import training
from adsql_udfs.postgres.interrupts import interruptible
from adsql_udfs.postgres.sources import source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adsql.reliability import Agreement, Stability
    from adsql_udfs.postgres.server import Server


def stability(
    plpy: Server, given: object, algorithm: str | None, columns: Sequence[str] | None, params: str | None,
    seed: int | None,
) -> list[Stability]:  # fmt: skip
    """Return how alike models of a source are that differ in seed or rows; see `adsql.reliability.stability`."""
    asked = TrainingOptions.parse(algorithm, columns, params=params, seed=seed)
    row_wise(asked.algorithm)
    table, _ = training.sample(plpy, source(plpy, given), (), asked.seed, asked.columns, reliability.MAX_ROWS)
    return interruptible(plpy, partial(reliability.stability, table, algorithm, columns, params, seed))


def agreement(
    plpy: Server, given: object, algorithms: Sequence[str] | None, columns: Sequence[str] | None, seed: int | None
) -> list[Agreement]:
    """Return how alike detectors are on a source; see `adsql.reliability.agreement`."""
    names = reliability.asked_algorithms(algorithms)
    asked = TrainingOptions.parse(columns=columns, seed=seed)
    table, _ = training.sample(plpy, source(plpy, given), (), asked.seed, asked.columns, reliability.MAX_ROWS)
    return interruptible(plpy, partial(reliability.agreement, table, names, columns, seed))
