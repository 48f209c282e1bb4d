"""What is suggested makes the row normal, and nothing smaller would."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from itertools import combinations, product

import numpy as np
import pyarrow as pa
import pytest

from adsql.counterfactual import NOTHING, Change, suggest_normal
from adsql.errors import MissingColumn, NoReference
from adsql.model import Model
from adsql.options import TrainingOptions
from adsql.registry import row_wise_detectors

N = 300
RNG = np.random.default_rng(5)
FEW = {
    "a": pa.array(RNG.integers(0, 9, N), pa.int32()),
    "b": pa.array(np.round(RNG.normal(20.0, 2.0, N))),
    "kind": pa.array(RNG.choice(["day", "night", "noon"], N, p=[0.7, 0.25, 0.05]).tolist()),
}
ODD = {
    "a": pa.array([4, 40, 4, 40, -7, 0], pa.int32()),
    "b": pa.array([90.0, 20.0, 20.0, 90.0, -50.0, None]),
    "kind": pa.array(["day", "day", "moon", "moon", "moon", "noon"]),
}


def fitted(algorithm="mad", table=FEW, **options):
    options.setdefault("contamination", 0.03)
    return Model.fit(table, TrainingOptions.parse(algorithm, columns=list(table), **options))


def changed(table, i, changes):
    """A row of a table with some changes, as a caller would make them: texts cast to the columns' types."""
    row = {name: column[i : i + 1] for name, column in table.items()}
    for one in changes:
        kind = table[one.feature].type
        is_time = pa.types.is_time(kind)
        row[one.feature] = pa.array([dt.time.fromisoformat(one.suggested) if is_time else one.suggested]).cast(kind)
    return row


def rows_of(table):
    return len(next(iter(table.values())))


SMALL = {"iforest": {"n_estimators": 20}, "eif": {"n_estimators": 20}, "autoencoder": {"max_iter": 30}}


@pytest.mark.parametrize("algorithm", sorted(row_wise_detectors()))
def test_a_row_with_what_is_suggested_is_normal(algorithm):
    model = fitted(algorithm, params=SMALL.get(algorithm) if algorithm != "autoencoder" else None)
    flagged = model.score(ODD).is_anomaly
    assert flagged.any()
    for i, changes in enumerate(suggest_normal(model, ODD)):
        if not flagged[i]:
            assert changes == []
        elif changes[0].status is None:
            assert not model.score(changed(ODD, i, changes)).is_anomaly[0], changes
        else:
            assert changes == [Change(None, None, None, None, NOTHING)]


def smallest(model, table, i):
    """Try all values that training had, of one column, of two, of all; return the columns of the nearest that help."""
    segment = model.segments[""]
    scales = {feature.column: feature for feature in segment.features.features}
    for count in range(1, len(table) + 1):
        helping = []
        for names in combinations(table, count):
            tried = [sorted(set(FEW[name].to_pylist())) for name in names]
            rows = list(product(*tried))
            given = {name: pa.array([column[i].as_py()] * len(rows), column.type) for name, column in table.items()}
            given |= {name: pa.array([row[k] for row in rows], table[name].type) for k, name in enumerate(names)}
            for row, bad in zip(rows, model.score(given).is_anomaly, strict=True):
                if not bad:
                    helping.append((sum(
                        1.0 if name == "kind" else abs(value - (scales[name].center if table[name][i].as_py() is None else table[name][i].as_py())) / scales[name].scale
                        for name, value in zip(names, row, strict=True)
                    ), names))  # fmt: skip
        if helping:
            return min(helping)
    return None


@pytest.mark.parametrize("algorithm", ["mad", "knn", "hbos", "pca", "iforest", "mcd", "ecod"])
def test_no_fewer_columns_and_no_smaller_change_would_do(algorithm):
    model = fitted(algorithm, params=SMALL.get(algorithm))
    for i, changes in enumerate(suggest_normal(model, ODD)):
        if not changes:
            continue
        expected = smallest(model, ODD, i)
        if expected is None:
            assert changes[0].status == NOTHING
            continue
        distance, names = expected
        assert len(changes) == len(names)
        found = sum(1.0 if one.change is None else abs(one.change) for one in changes)
        assert found == pytest.approx(distance)


def test_a_change_is_told_as_text_and_in_spreads():
    table = {"x": pa.array(RNG.normal(size=N)), "y": pa.array(RNG.normal(size=N))}
    model = fitted(table=table, threshold=4.0, contamination=None)
    [[found]] = suggest_normal(model, {"x": pa.array([50.0]), "y": pa.array([0.0])})
    feature = next(f for f in model.segments[""].features.features if f.column == "x")
    assert (found.feature, found.value, found.status) == ("x", "50", None)
    assert found.change == pytest.approx((float(found.suggested) - 50.0) / feature.scale)
    assert len(found.suggested) < 5
    assert max(table["x"].to_pylist()) >= float(found.suggested)


def test_what_is_between_the_training_s_values_is_suggested_of_fractions_and_not_of_whole_numbers():
    table = {"x": pa.array([i / 4 + 0.1 for i in range(-400, 401)]), "n": pa.array(np.arange(801.0))}
    model = fitted(table=table, threshold=0.83, contamination=None)
    [[x], [n]] = suggest_normal(model, {"x": pa.array([120.0, 0.0]), "n": pa.array([400.0, 1000.0])})
    assert (x.feature, n.feature) == ("x", "n")
    assert float(x.suggested) not in model.segments[""].reference.traits[0].grid
    assert float(n.suggested) in model.segments[""].reference.traits[1].grid


def test_what_nothing_helps_is_told():
    model = fitted(
        table={"a": FEW["a"], "at": pa.array([dt.time(9, i % 60) for i in range(N)])}, threshold=0.0, contamination=None
    )
    [found] = suggest_normal(model, {"a": pa.array([40], pa.int32()), "at": pa.array([dt.time(23, 0)])})
    assert all(one.status is None for one in found) or found == [Change(None, None, None, None, NOTHING)]
    impossible = fitted(threshold=-1.0, contamination=None)
    assert suggest_normal(impossible, ODD)[0] == [Change(None, None, None, None, NOTHING)]


def test_times_of_day_truths_and_decimals_are_suggested_as_they_are_written():
    table = {
        "at": pa.array([dt.time(9, i % 60) for i in range(N)]), "paid": pa.array([i % 60 > 0 for i in range(N)]),
        "price": pa.array([i % 50 / 4 for i in range(N)]).cast(pa.decimal128(9, 2)),
    }  # fmt: skip
    model = fitted(table=table, threshold=3.0, contamination=None)
    late = {
        "at": pa.array([dt.time(23, 0)]),
        "paid": pa.array([True]),
        "price": pa.array([Decimal(3)], pa.decimal128(9, 2)),
    }
    [[found]] = suggest_normal(model, late)
    assert (found.feature, found.value) == ("at", "23:00:00")
    assert not model.score(changed(late, 0, [found])).is_anomaly[0]
    dear = {**late, "at": pa.array([dt.time(9, 30)]), "price": pa.array([Decimal(900)], pa.decimal128(9, 2))}
    [[found]] = suggest_normal(model, dear)
    assert not model.score(changed(dear, 0, [found])).is_anomaly[0]
    unpaid = {**late, "at": pa.array([dt.time(9, 30)]), "paid": pa.array([False])}
    assert [one.suggested for one in suggest_normal(model, unpaid)[0]] == ["true"]


def test_many_columns_at_fault_are_found_and_none_that_needs_no_change():
    table = {f"x{j}": pa.array(RNG.normal(size=N)) for j in range(8)}
    model = fitted("zscore", table=table, threshold=3.0, contamination=None)
    odd = {name: pa.array([40.0 if j < 5 else 0.1]) for j, name in enumerate(table)}
    [found] = suggest_normal(model, odd)
    assert not model.score(changed(odd, 0, found)).is_anomaly[0]
    for one in found:
        assert model.score(changed(odd, 0, [other for other in found if other is not one])).is_anomaly[0]


def test_segments_have_their_own_ranges_and_unknown_rows_no_suggestion():
    city = RNG.choice(["Bern", "Rome"], N)
    table = {"x": pa.array(RNG.normal(size=N) + 50 * (city == "Rome")), "city": pa.array(city.tolist())}
    model = Model.fit(table, TrainingOptions.parse("mad", segment_by="city", contamination=0.02))
    given = {"x": pa.array([50.0, 50.0, 50.0, None]), "city": pa.array(["Bern", "Rome", "Oslo", "Bern"])}
    bern, rome, oslo, nothing = suggest_normal(model, given)
    assert float(bern[0].suggested) < 10
    assert (rome, oslo, nothing) == ([], None, None)


def test_what_cannot_be_used_is_told():
    model = fitted()
    with pytest.raises(MissingColumn):
        suggest_normal(model, {"a": pa.array([1], pa.int32())})
    old = replace(model, segments={"": replace(model.segments[""], reference=None)})
    with pytest.raises(NoReference):
        suggest_normal(old, ODD)
    assert suggest_normal(model, {name: column[:0] for name, column in ODD.items()}) == []


DAYS = 7 * 10
OFFICE = [
    dt.datetime(2024, 1, 1, 9) + dt.timedelta(days=k % DAYS, minutes=k * 37 % 480)  # noqa: DTZ001 - no zone
    for k in range(20 * DAYS) if k % DAYS % 7 < 5
]  # fmt: skip


@pytest.mark.parametrize("algorithm", ["knn", "auto"])
@pytest.mark.parametrize("zone", [None, "Asia/Tokyo"])
def test_a_point_in_time_moves_to_an_hour_and_a_weekday_of_the_training(algorithm, zone):
    kind = pa.timestamp("us", zone)
    table = {
        "at": pa.array(OFFICE, pa.timestamp("us")).cast(kind),
        "x": pa.array([float(k % 7) for k in range(len(OFFICE))]),
    }
    model = fitted(algorithm, table, contamination=0.002)
    night, sunday = dt.datetime(2024, 5, 15, 1, 0), dt.datetime(2024, 5, 19, 13, 0)  # noqa: DTZ001 - no zone
    odd = {"at": pa.array([night, sunday], pa.timestamp("us")).cast(kind), "x": pa.array([0.0, 0.0])}
    [[at_night], [on_sunday]] = suggest_normal(model, odd)
    for i, (found, own) in enumerate(((at_night, night), (on_sunday, sunday))):
        assert (found.feature, found.value, found.change) == ("at", str(own), None)
        moved = dt.datetime.fromisoformat(found.suggested)
        assert abs(moved - own) < dt.timedelta(days=4)
        assert moved.weekday() < 5
        row = {"at": pa.array([moved], pa.timestamp("us")).cast(kind), "x": odd["x"][i : i + 1]}
        assert not model.score(row).is_anomaly[0]
    assert dt.datetime.fromisoformat(at_night.suggested).date() == night.date()


def test_the_ends_of_time_are_on_no_day():
    """Databases have infinite timestamps, which are the largest numbers."""
    table = {"at": pa.array(OFFICE, pa.timestamp("us")), "x": pa.array([float(k % 7) for k in range(len(OFFICE))])}
    model = fitted("knn", table, contamination=0.002)
    odd = {"at": pa.array([2**63 - 1, -(2**63) + 1, None], pa.timestamp("us")), "x": pa.array([0.0, 500.0, 500.0])}
    found = [[change.feature for change in changes or ()] for changes in suggest_normal(model, odd)]
    assert "at" not in found[0] + found[1]
    assert found[2] == ["x"]


def test_a_date_moves_to_a_weekday_of_the_training_and_one_that_is_missing_stays():
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=k) for k in range(700) if k % 7 < 5]
    table = {"day": pa.array(days), "x": pa.array([float(k % 7) for k in range(len(days))])}
    model = fitted("knn", table, contamination=0.002)
    odd = {"day": pa.array([dt.date(2024, 5, 19), None]), "x": pa.array([0.0, 50.0])}
    [[sunday], [missing]] = suggest_normal(model, odd)
    assert (sunday.feature, sunday.value) == ("day", "2024-05-19")
    assert dt.date.fromisoformat(sunday.suggested) in {dt.date(2024, 5, 17), dt.date(2024, 5, 20)}
    assert missing == Change(None, None, None, None, NOTHING)
