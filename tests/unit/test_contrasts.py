"""Segments that anomalies come from are found, others are not."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from adsql.contrasts import LEVEL, contrast
from adsql.errors import EmptySource, InvalidOption, UnknownColumn, UnusableColumn
from adsql.hypergeometric import at_least

N = 1_000
RNG = np.random.default_rng(6)
KIND, KM = RNG.choice(["day", "night", "noon"], N), RNG.gamma(2.0, 5.0, N)


def table(wrong, **more):
    return {"kind": pa.array(KIND.tolist()), "km": pa.array(KM), "wrong": pa.array(np.asarray(wrong).tolist()), **more}


def test_a_category_and_a_range_at_fault_come_first():
    wrong = RNG.random(N) < np.where(KIND == "night", 0.3, 0.02)
    found = contrast(table(wrong), "wrong", ["kind", "km"])
    assert found[0].segment == "kind = 'night'"
    assert found[0].anomalies == (wrong & (KIND == "night")).sum()
    assert found[0].support == found[0].anomalies / wrong.sum()
    assert found[0].lift == pytest.approx(wrong[KIND == "night"].mean() / wrong.mean())
    far = np.quantile(KM, 0.9) < KM
    [first, *_] = contrast(table(far | (RNG.random(N) < 0.01)), "wrong", ["kind", "km"])
    assert first.segment.startswith("km in [")
    assert first.rows == far.sum()


def test_a_pair_is_found_where_neither_of_its_parts_tells_all():
    wrong = (KIND == "noon") & (np.quantile(KM, 0.9) < KM)
    assert contrast(table(wrong), "wrong", ["kind", "km"])[0].segment.startswith("kind = 'noon' and km in [")


def test_flags_by_chance_are_reported_as_rarely_as_the_level_says():
    rng = np.random.default_rng(7)
    reported = sum(bool(contrast(table(rng.random(N) < 0.05), "wrong", ["kind", "km"])) for _ in range(60))
    assert reported <= 60 * LEVEL + 3


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 40), st.data())
def test_the_test_is_fisher_s(anomalies, rows, more, data):
    n = max(anomalies, rows) + more
    hits = data.draw(st.integers(0, min(anomalies, rows)))
    assert at_least(hits, rows, anomalies, n) == pytest.approx(hypergeom.sf(hits - 1, n, anomalies, rows), abs=1e-12)


def test_null_few_numbers_and_times_are_segments():
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=i % 90) for i in range(N)]
    late = np.arange(N) % 90 > 80
    more = {
        "stars": pa.array([None if i % 5 == 0 else i % 4 for i in range(N)], pa.int32()),
        "day": pa.array(days),
    }
    by_null = contrast(table(np.arange(N) % 5 == 0, **more), "wrong", "stars")
    assert [one.segment for one in by_null] == ["stars is NULL"]
    [first, *_] = contrast(table(late, **more), "wrong", ["day"])
    assert first.segment == "day in [2024-03-22, 2024-03-30]"


def test_rows_whose_flag_is_not_known_count_for_nothing():
    wrong = np.where(KIND == "night", 1.0, 0.0)
    some = [None if i % 3 == 0 else float(value) for i, value in enumerate(wrong)]
    [found] = contrast(table(some), "wrong", ["kind"])
    assert found.rows == sum(1 for i in range(N) if i % 3 and KIND[i] == "night")


def test_no_anomalies_give_no_contrasts():
    assert contrast(table(np.zeros(N, bool)), "wrong", ["kind"]) == []


def test_what_cannot_be_used_is_refused():
    given = table(KIND == "day", nothing=pa.nulls(N, pa.bool_()), lists=pa.array([[1]] * N))
    for flag, dimensions, error in (
        (None, ["kind"], InvalidOption), ("wrong", [], InvalidOption), ("wrong", None, InvalidOption),
        ("wrong", [3], InvalidOption), ("wrng", ["kind"], UnknownColumn), ("wrong", ["knd"], UnknownColumn),
        ("kind", ["km"], UnusableColumn), ("km", ["kind"], UnusableColumn), ("wrong", ["lists"], UnusableColumn),
        ("nothing", ["kind"], EmptySource),
    ):  # fmt: skip
        with pytest.raises(error):
            contrast(given, flag, dimensions)
