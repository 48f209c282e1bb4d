"""The cap on alerts by itself: what it is made from, how days are told apart, how it is stored."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsql.alert_cap import AlertCap, alert_groups, check_planned, days_of
from adsql.errors import ColumnTypeChanged, CorruptModel, InvalidOption, MissingColumn, ModelChanged
from adsql.model import Model
from adsql.options import TrainingOptions
from adsql.state import State

ZONES = ["UTC", "Asia/Tokyo", "America/St_Johns"]
TABLE = {"x": pa.array([i % 7 + 0.5 for i in range(99)]), "at": pa.array([dt.date(2024, 1, 1)] * 99)}


NAIVE = st.integers(-80 * 366 * 86_400, 130 * 366 * 86_400).map(
    lambda s: dt.datetime.fromtimestamp(0, dt.UTC).replace(tzinfo=None) + dt.timedelta(seconds=s)
)


@given(moments=st.lists(st.none() | NAIVE, max_size=9), zone=st.none() | st.sampled_from(ZONES))
def test_a_day_is_the_calendar_s_in_the_zone_of_the_column(moments, zone):
    aware = [moment if moment is None or zone is None else moment.replace(tzinfo=dt.UTC) for moment in moments]
    local = [m if m is None or zone is None else m.astimezone(ZoneInfo(zone)) for m in aware]
    found = alert_groups(pa.array(aware, pa.timestamp("us", zone)), {}, [])
    assert found.to_pylist() == ["" if moment is None else moment.date().isoformat() for moment in local]


@given(st.lists(st.tuples(st.none() | st.dates(), st.none() | st.text(max_size=3), st.none() | st.text(max_size=3))))
def test_groups_are_equal_where_day_and_segment_are(rows):
    days, first, second = zip(*rows, strict=True) if rows else ((), (), ())
    table = {"a": pa.array(first, pa.string()), "b": pa.array(second, pa.string())}
    groups = alert_groups(pa.array(days, pa.date32()), table, ["a", "b"]).to_pylist()
    assert len(set(groups)) == len(set(rows))
    assert len(set(zip(groups, rows, strict=True))) == len(set(rows))


def test_a_model_keeps_it_and_models_without_one_keep_their_bytes():
    options = TrainingOptions.parse("mad", alert_day="AT", alert_budget=3, contamination=0.1)
    model = Model.fit(TABLE, options)
    assert model.alert_cap == AlertCap("at", 3)
    assert Model.from_bytes(model.to_bytes()).alert_cap == model.alert_cap
    plain = Model.fit(TABLE, TrainingOptions.parse("mad", contamination=0.1))
    assert plain.threshold == model.threshold
    assert b"alert" not in plain.to_bytes()


@pytest.mark.parametrize(
    "stored", [{"alert_budget": 0}, {"alert_budget": -1}, {"alert_budget": "3"}, {}, {"alert_day": 3}]
)
def test_what_was_not_stored_so_is_refused(stored):
    state = State({"alert_day": "at", **stored})
    with pytest.raises(CorruptModel):
        AlertCap.restored(state)


@pytest.mark.parametrize("day", [3, "", ["at"], True])
def test_a_day_is_the_name_of_a_column(day):
    with pytest.raises(InvalidOption, match="alert_day"):
        TrainingOptions.parse(alert_day=day, alert_budget=3)


def test_days_are_found_whatever_the_case_and_an_empty_column_has_none():
    assert days_of(TABLE, "AT") is TABLE["at"]
    assert days_of({"at": pa.array([None, None], pa.string())}, "at").to_pylist() == [None, None]
    with pytest.raises(MissingColumn, match="'day'"):
        days_of(TABLE, "day")
    for wrong in (pa.array(["2024-01-01"]), pa.array([1]), pa.array([dt.time(1)])):
        with pytest.raises(ColumnTypeChanged, match="no days"):
            days_of({"at": wrong}, "at")


def test_sql_for_another_cap_is_refused():
    cap = AlertCap("at", 3)
    check_planned(cap, ["kind"], cap.plan(["kind"]))
    check_planned(None, ["kind"], None)
    for found, segments, planned in (
        (cap, [], None), (None, [], cap.plan([])), (cap, ["kind"], cap.plan([])), (AlertCap("at", 4), [], cap.plan([])),
    ):  # fmt: skip
        with pytest.raises(ModelChanged):
            check_planned(found, segments, planned)
