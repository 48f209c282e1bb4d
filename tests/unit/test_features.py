"""Which columns a model uses, how they are encoded, and the reasons given for those that it does not."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsql.encodings import MAX_CATEGORIES, patterns
from adsql.errors import ColumnTypeChanged, MissingColumn, NoUsableColumn, UnknownColumn, UnusableColumn
from adsql.features import LIMIT, FeatureSpec
from adsql.state import State

N = 200
rng = np.random.default_rng(0)
USUAL = pa.array(rng.normal(size=N))
MONDAY = dt.datetime(2024, 1, 1)  # noqa: DTZ001 - timestamps without a zone are the usual case in databases
NOON = dt.timedelta(hours=12)


def fit(column, name="c", requested=None, n_rows=N, **others):
    return FeatureSpec.fit({name: column, "usual": USUAL[: len(column)], **others}, requested, n_rows)


def reason(spec, name="c"):
    return {item.column: item.reason for item in spec.left_out}[name]


def encoded(spec, table):
    X, present = spec.transform(spec.select(table))
    return {feature.name: X[:, j] for j, feature in enumerate(spec.features)}, present


def days(count, of_day=NOON):
    return pa.array([MONDAY + dt.timedelta(days=i % count) + of_day * (i % 2) for i in range(N)], pa.timestamp("us"))


USED = {
    "floats": pa.array(rng.normal(size=N)),
    "whole numbers that repeat": pa.array(rng.integers(0, 20, N)),
    "different whole numbers far apart": pa.array(rng.permutation(np.arange(N)) ** 3),
    "different whole numbers in too few rows": pa.array(range(9)),
    "decimals": pa.array([Decimal(i).scaleb(-2) for i in range(N)]),
    "booleans": pa.array([True, False] * (N // 2)),
    "durations": pa.array([dt.timedelta(seconds=i % 60) for i in range(N)]),
    "times of day": pa.array([dt.time(i % 24, i % 60) for i in range(N)]),
    "categories": pa.array(["a", "b", "b", "b"] * (N // 4)),
    "an enumeration": pa.array(["a", "b"] * (N // 2)).dictionary_encode(),
    "codes of few patterns": pa.array([f"AB-{i}" if i % 10 else f"{i}" for i in range(N)]),
    "dates": pa.array([(MONDAY + dt.timedelta(days=i)).date() for i in range(N)]),
    "timestamps of one week": days(7),
    "timestamps at midnight over months": days(90, dt.timedelta()),
    "numbers with missing values": pa.array([None if i % 3 else float(i) for i in range(N)]),
}
LEFT_OUT = {
    "a number that is constant": (pa.array([4.0] * N), "constant: every value is the same"),
    "a constant with missing values": (pa.array([4.0, None] * (N // 2)), "constant: every value is the same"),
    "consecutive whole numbers": (pa.array(rng.permutation(N) + 10_000), "a key: every value is different and the values are consecutive"),
    "consecutive decimals without a fraction": (pa.array([Decimal(i) for i in range(N)], pa.decimal128(18, 0)), "a key: every value is different and the values are consecutive"),
    "text that is constant": (pa.array(["a"] * N), "constant: every value is the same"),
    "only NULL": (pa.array([None] * N, pa.float64()), "every value is NULL"),
    "only NaN": (pa.array([float("nan")] * N), "every value is NULL"),
    "untyped NULL": (pa.nulls(N), "every value is NULL"),
    "lists": (pa.array([[1.0]] * N), "type list<item: double> has no encoding"),
    "structs": (pa.array([{"a": 1}] * N), "type struct<a: int64> has no encoding"),
    "bytes": (pa.array([b"a"] * N), "type binary has no encoding"),
    "uuids": (pa.array([uuid.UUID(int=i).bytes for i in range(N)], pa.uuid()), "type extension<arrow.uuid> has no encoding"),
    "free text": (pa.array(["-".join("ab 9"[j % 4] for j in range(i)) for i in range(N)]), "free text or a key: almost every value has its own pattern"),
    "codes of one pattern": (pa.array([f"AB-{i:05}" for i in range(N)]), "a key: almost every value is different, and all have one pattern"),
    "timestamps at midnight of ten days": (days(10, dt.timedelta()), "dates without a time of day over less than two weeks do not repeat"),
}  # fmt: skip


@pytest.mark.parametrize("column", USED.values(), ids=USED)
def test_it_is_used(column):
    spec = fit(column)
    assert spec.columns == ("c", "usual")
    assert spec.left_out == ()


@pytest.mark.parametrize(("column", "why"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_it_is_left_out_with_the_reason(column, why):
    spec = fit(column)
    assert spec.columns == ("usual",)
    assert reason(spec) == why


@pytest.mark.parametrize("name", ["id", "trip_id", "TRIP_ID", "customerId", "uuid", "row_key", "pk", "index"])
def test_different_whole_numbers_are_a_key_if_the_name_says_so(name):
    assert (
        reason(fit(USED["different whole numbers far apart"], name), name)
        == "a key: every value is different, and so says its name"
    )


@pytest.mark.parametrize("name", ["paid", "video", "monkey", "valid", "liquid", "idle", "keyboard", "indexed"])
def test_a_name_that_only_contains_such_a_word_says_nothing(name):
    assert fit(USED["different whole numbers far apart"], name).columns == (name, "usual")


def test_a_key_is_seen_in_a_sample_of_the_whole_table():
    sample = pa.array(np.sort(rng.choice(10_000, N, replace=False)))
    assert reason(fit(sample, n_rows=10_000)) == "a key: every value is different and the values are consecutive"
    assert fit(sample, n_rows=N).columns == ("c", "usual")


@pytest.mark.parametrize("name", ["consecutive whole numbers", "free text", "codes of one pattern"])
def test_what_looks_like_a_key_is_used_when_it_is_asked_for(name):
    column, _ = LEFT_OUT[name]
    assert fit(column, requested=["c"]).columns == ("c",)


@pytest.mark.parametrize(
    "name", ["only NULL", "untyped NULL", "lists", "structs", "bytes", "timestamps at midnight of ten days"]
)
def test_a_column_that_cannot_be_used_is_refused_when_it_is_asked_for(name):
    column, why = LEFT_OUT[name]
    with pytest.raises(UnusableColumn, match="column 'c' cannot be used") as caught:
        fit(column, requested=["c"])
    assert why in str(caught.value)


def test_requested_columns_are_the_only_ones():
    spec = fit(USED["floats"], requested=["usual"], other=USED["booleans"])
    assert spec.columns == ("usual",)
    assert spec.left_out == ()


def test_requested_names_match_as_in_sql():
    table = {"Fare": USED["floats"], "TIP": USED["booleans"]}
    assert FeatureSpec.fit(table, ["fare", "tip", "FARE"], N).columns == ("Fare", "TIP")


def test_an_unknown_requested_column_is_named_with_the_nearest():
    with pytest.raises(UnknownColumn, match="column 'usal' does not exist") as caught:
        fit(USED["floats"], requested=["usal"])
    assert "did you mean 'usual'?" in str(caught.value)
    assert "Allowed: c, usual" in str(caught.value)


def test_skipped_columns_serve_another_purpose():
    spec = FeatureSpec.fit({"c": USED["floats"], "usual": USUAL}, None, N, skip=["c"])
    assert spec.columns == ("usual",)
    assert spec.left_out == ()


def test_a_table_without_a_usable_column_says_why():
    table = {"k": LEFT_OUT["consecutive whole numbers"][0], "l": LEFT_OUT["lists"][0]}
    with pytest.raises(NoUsableColumn, match="no column of the source can be used") as caught:
        FeatureSpec.fit(table, None, N)
    assert "k (a key: every value is different" in str(caught.value)
    assert "l (type list<item: double> has no encoding)" in str(caught.value)


def test_a_table_of_constants_is_used_all_the_same():
    assert FeatureSpec.fit({"c": pa.array([4.0] * N), "d": pa.array([1] * N)}, None, N).columns == ("c", "d")


def test_columns_keep_the_order_of_the_source_and_features_that_of_the_alphabet():
    table = {name: pa.array(rng.normal(size=N)) for name in ("z", "a", "m")}
    spec = FeatureSpec.fit(table, None, N)
    assert spec.columns == ("z", "a", "m")
    assert [feature.name for feature in spec.features] == ["a", "m", "z"]


def test_features_of_the_same_name_keep_their_order_whatever_the_order_of_columns():
    table = {"c": days(30), "c:sin_of_day": USED["floats"]}
    forwards, backwards = (FeatureSpec.fit(dict(order), None, N) for order in (table.items(), reversed(table.items())))
    assert forwards.features == backwards.features


def test_numbers_are_centred_on_the_median_in_robust_standard_deviations():
    values = np.random.default_rng(1).normal(10.0, 3.0, 50_001)
    values[:1_000] = 1e6
    features, _ = encoded(FeatureSpec.fit({"x": pa.array(values)}, None, N), {"x": pa.array(values[1_000:])})
    assert np.median(features["x"]) == pytest.approx(0.0, abs=0.05)
    assert features["x"].std() == pytest.approx(1.0, abs=0.05)


def test_a_column_that_is_mostly_one_value_has_its_standard_deviation():
    values = np.zeros(N)
    values[:10] = 5.0
    features, _ = encoded(fit(pa.array(values)), {"c": pa.array([0.0, 5.0]), "usual": USUAL[:2]})
    assert features["c"].tolist() == pytest.approx([0.0, 5.0 / values.std()])


def test_a_spread_too_small_for_its_square_is_a_scale_all_the_same():
    values = pa.array([0.0] * (N - 1) + [1e-200])
    spec = FeatureSpec.fit({"c": values}, None, N)
    features, present = encoded(spec, {"c": pa.array([0.0, 1e-200, 1.0])})
    assert present.all()
    assert features["c"].tolist() == [0.0, LIMIT, LIMIT]
    assert FeatureSpec.from_state(spec.to_state()) == spec


def test_a_missing_value_is_the_median_and_a_row_of_them_is_absent():
    features, present = encoded(
        fit(USED["floats"]),
        {"c": pa.array([None, 1.0, None]), "usual": pa.array([None, None, float("nan")], pa.float64())},
    )
    assert features["c"][[0, 2]].tolist() == features["usual"].tolist()[:2] == [0.0, 0.0]
    assert present.tolist() == [False, True, False]


def test_no_value_is_more_than_a_billion_deviations_away():
    features, _ = encoded(fit(USED["floats"]), {"c": pa.array([np.inf, -1e300]), "usual": USUAL[:2]})
    assert features["c"].tolist() == [LIMIT, -LIMIT]


def test_a_category_is_as_strange_as_it_is_rare_and_an_unseen_one_is_the_rarest():
    spec = fit(pa.array(["a"] * 150 + ["b"] * 40 + ["c"] * 10))
    a, b, c, unseen, missing = encoded(spec, {"c": pa.array(["a", "b", "c", "?", None]), "usual": USUAL[:5]})[0]["c"]
    assert a < b < c < unseen
    assert a == missing == 0.0
    # -ln of the share, in units of at least half a nat.
    assert c - a == pytest.approx(np.log(150 / 10) / spec.features[0].scale)
    assert unseen - a == pytest.approx((np.log(N + 1) - np.log(N / 150)) / spec.features[0].scale)


def test_nulls_are_no_category():
    share = np.log(100 / 80)
    spec = fit(pa.array(["a"] * 80 + ["b"] * 20 + [None] * 100))
    assert spec.features[0].vocabulary == ("a", "b")
    assert spec.features[0].rarities[0] == pytest.approx(share)


def test_more_categories_than_a_thousand_are_no_category():
    values = pa.array([f"{i % (MAX_CATEGORIES + 1)}{'x' * (i % 7)}" for i in range(100_000)])
    assert fit(values, usual=pa.array(rng.normal(size=100_000))).features[0].encoding == "pattern_rarity"


def test_a_code_of_an_unusual_pattern_is_strange():
    spec = fit(pa.array([f"AB-{i:04}" if i % 20 else f"X{i}" for i in range(N)]))
    known, rare, unseen = encoded(spec, {"c": pa.array(["ZZ-9999", "Q7", "lower"]), "usual": USUAL[:3]})[0]["c"]
    assert known < rare < unseen


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("AB-1234", "A-9"),
        ("Ärger", "a"),
        ("ÄÖ", "A"),
        ("a1b22", "a9a9"),
        ("a@b.c", "a@a.a"),
        ("", ""),
        ("北京", "北京"),
    ],
)
def test_a_pattern_keeps_the_shape_of_text(text, pattern):
    assert patterns(pa.array([text])).to_pylist() == [pattern]


def test_midnight_is_next_to_midnight_and_monday_to_sunday():
    spec = fit(pa.array([MONDAY + dt.timedelta(hours=7 * i) for i in range(N)], pa.timestamp("us")))
    assert [feature.name for feature in spec.features] == [
        "c:cos_of_day",
        "c:cos_of_week",
        "c:sin_of_day",
        "c:sin_of_week",
        "usual",
    ]
    moments = [dt.datetime(2031, 5, 4, 23, 59), dt.datetime(2031, 5, 5, 0, 1), dt.datetime(2031, 5, 8, 12)]  # noqa: DTZ001
    features, _ = encoded(spec, {"c": pa.array(moments, pa.timestamp("us")), "usual": USUAL[:3]})
    circles = np.column_stack([column for name, column in features.items() if name != "usual"])
    sunday, monday, thursday = circles
    assert np.linalg.norm(sunday - monday) < 0.05
    assert np.linalg.norm(sunday - thursday) > 1.0


def test_the_two_coordinates_of_a_circle_weigh_as_one_column():
    """Over a whole circle each has half of the variance that it would have alone."""
    spec = fit(pa.array([MONDAY + dt.timedelta(minutes=5 * i) for i in range(288)], pa.timestamp("us")))
    day = np.sin(np.arange(288) * 2.0 * np.pi / 288)
    low, high = np.quantile(day, [0.25, 0.75])
    for feature in spec.features:
        if feature.column == "c":
            assert feature.scale == pytest.approx(np.sqrt(2.0) * (high - low) / 1.349, rel=1e-6)


def test_rounding_on_the_circle_is_no_difference():
    # sin(0) and sin(pi) differ by 1e-16: between them midnight and noon are the same.
    spec = fit(days(30))
    moments = pa.array([MONDAY, MONDAY + NOON, MONDAY + NOON / 2], pa.timestamp("us"))
    midnight, noon, morning = encoded(spec, {"c": moments, "usual": USUAL[:3]})[0]["c:sin_of_day"]
    assert midnight == pytest.approx(noon, abs=1e-9)
    assert morning - noon > 10.0


def test_the_last_bits_of_a_sine_do_not_count():
    # They differ between processors and databases.
    column = pa.array([MONDAY + dt.timedelta(minutes=7 * i) for i in range(N)], pa.timestamp("us"))
    for feature in fit(column).features:
        if feature.name != "usual":
            coordinates = feature.raw(column)
            assert coordinates.tolist() == (np.rint(coordinates * 1e12) / 1e12).tolist()


def test_the_day_of_the_week_counts_from_two_weeks_on():
    assert {feature.encoding for feature in fit(days(13)).features} == {"sin_of_day", "cos_of_day", "value"}
    assert "sin_of_week" in {feature.encoding for feature in fit(days(20)).features}


def test_the_same_moment_in_another_zone_is_the_same():
    local = pa.array([MONDAY + dt.timedelta(hours=5 * i) for i in range(N)], pa.timestamp("us", tz="UTC"))
    spec = fit(local)
    elsewhere = local.cast(pa.timestamp("ns", tz="Asia/Tokyo"))
    first, second = (encoded(spec, {"c": column, "usual": USUAL})[0] for column in (local, elsewhere))
    for name, values in first.items():
        np.testing.assert_allclose(second[name], values, atol=1e-9)


def test_a_missing_column_is_named_with_those_there_are():
    with pytest.raises(MissingColumn, match=r"no column 'usual'.*this one has c, other"):
        fit(USED["floats"]).select({"c": USED["floats"], "other": USUAL})


def test_columns_of_rows_match_regardless_of_case_and_order():
    spec = fit(USED["floats"])
    selected = spec.select({"USUAL": USUAL, "C": USED["floats"], "more": USUAL})
    assert list(selected) == ["c", "usual"]
    assert selected["c"] is USED["floats"]


@pytest.mark.parametrize("now", ["categories", "times of day", "dates"])
def test_another_kind_of_values_is_refused(now):
    with pytest.raises(ColumnTypeChanged, match=r"column 'c' has type .*, in training it held number values"):
        fit(USED["floats"]).select({"c": USED[now], "usual": USUAL})


@pytest.mark.parametrize("nothing", [pa.nulls(2), pa.nulls(2, pa.string()), pa.nulls(2, pa.large_string())], ids=str)
@pytest.mark.parametrize("before", ["floats", "times of day", "dates", "categories"])
def test_a_column_without_a_value_is_missing_whatever_its_type(before, nothing):
    spec = fit(USED[before])
    table = {"c": nothing, "usual": pa.array([0.0, 0.0])}
    np.testing.assert_array_equal(
        spec.transform(spec.select(table))[0], spec.transform(spec.select({**table, "c": pa.nulls(2)}))[0]
    )


@pytest.mark.parametrize("now", ["whole numbers that repeat", "decimals", "booleans", "durations"])
def test_another_type_of_the_same_kind_is_accepted(now):
    spec = fit(USED["floats"])
    assert spec.select({"c": USED[now], "usual": USUAL})["c"] is USED[now]


@pytest.mark.parametrize(
    "column", [*USED.values(), LEFT_OUT["lists"][0], LEFT_OUT["only NULL"][0]], ids=[*USED, "lists", "NULL"]
)
def test_a_restored_spec_is_equal(column):
    spec = fit(column)
    assert FeatureSpec.from_state(State.from_bytes(spec.to_state().to_bytes())) == spec


@pytest.mark.parametrize("column", USED.values(), ids=USED)
def test_every_feature_is_described(column):
    for feature in fit(column).features:
        assert "usual" in feature.description()
        assert f"{feature.center:.6g}" in feature.description()


@given(st.lists(st.floats(), min_size=3, max_size=3))
def test_one_row_of_numbers_is_encoded_as_a_row_of_a_table_is(row):
    spec = FeatureSpec.fit({name: pa.array([1.0, 2.5, 1e9, -3.0]) for name in ("a", "b", "c")}, None, 4)
    assert spec.are_numbers
    X, present = spec.transform({name: pa.array([value]) for name, value in zip(("a", "b", "c"), row, strict=True)})
    found, found_present = spec.transform_values(np.array(row))
    assert found.tobytes() == X.tobytes()
    assert found_present.tobytes() == present.tobytes()


def test_a_category_is_no_number_as_it_is():
    spec = FeatureSpec.fit({"a": pa.array([1.0, 2.0] * 10), "b": pa.array(["x", "y"] * 10)}, None, 20)
    assert not spec.are_numbers
