"""The options of a call are checked once, and what is wrong with them is said in their words."""

from __future__ import annotations

import pytest

from adsql.errors import InvalidOption, InvalidParameter, UnknownAlgorithm, UnknownParameter
from adsql.options import TrainingOptions
from adsql.registry import find
from adsql.threshold import Policy


def test_nothing_given_is_the_default_of_everything():
    options = TrainingOptions.parse()
    assert options.algorithm is find("auto")
    assert options.params == find("auto").spec.resolve({})
    assert (options.columns, options.segment_by, options.seed) == (None, (), 0)
    assert options.policy.policy is Policy.AUTOMATIC


def test_null_is_the_same_as_nothing():
    nothing = dict.fromkeys(
        ("algorithm", "columns", "segment_by", "contamination", "params", "seed", "threshold", "alert_budget")
    )
    assert TrainingOptions.parse(**nothing) == TrainingOptions.parse()


@pytest.mark.parametrize("params", ['{"n_neighbors": 3}', {"n_neighbors": 3}, ' {"n_neighbors": 3.0} '])
def test_params_are_json_or_a_mapping(params):
    parsed = TrainingOptions.parse("knn", params=params).params
    assert parsed["n_neighbors"] == 3
    assert parsed["method"] == "largest"


@pytest.mark.parametrize(
    "params",
    [
        "",
        "{",
        "n_neighbors=3",
        "[]",
        "3",
        '"text"',
        "null",
        "[" * 100_000,
        [("n_neighbors", 3)],
        {3, 4},
        {1: 2},
        {None: 1},
        5,
    ],
)
def test_params_of_another_form_are_refused(params):
    with pytest.raises(InvalidOption, match="params ") as caught:
        TrainingOptions.parse("knn", params=params)
    assert """'{"n_neighbors": 5}'""" in str(caught.value)


def test_parameters_are_checked_by_the_algorithm():
    with pytest.raises(UnknownParameter, match="knn has no parameter 'neighbors'"):
        TrainingOptions.parse("knn", params={"neighbors": 3})
    with pytest.raises(InvalidParameter, match="knn: n_neighbors = 0 cannot be used"):
        TrainingOptions.parse("knn", params='{"n_neighbors": 0}')
    with pytest.raises(InvalidParameter, match="hbos: alpha = nan"):
        TrainingOptions.parse("hbos", params='{"alpha": NaN}')


def test_an_unknown_algorithm_is_refused():
    with pytest.raises(UnknownAlgorithm, match="did you mean 'knn'"):
        TrainingOptions.parse("knnn")


@pytest.mark.parametrize("algorithm", [5, ["knn"], True, b"knn", 1.5])
def test_an_algorithm_is_named_by_text(algorithm):
    with pytest.raises(InvalidOption, match="algorithm = "):
        TrainingOptions.parse(algorithm)


@pytest.mark.parametrize(("given", "expected"), [("a", ("a",)), (["a", "b"], ("a", "b")), (("b", "a"), ("b", "a"))])
@pytest.mark.parametrize("option", ["columns", "segment_by"])
def test_names_are_one_or_a_list_in_the_order_given(option, given, expected):
    assert getattr(TrainingOptions.parse(**{option: given}), option) == expected


@pytest.mark.parametrize("given", [5, [5], ["a", None], [""], "", [["a"]], {"a": 1}, True, b"a"])
@pytest.mark.parametrize("option", ["columns", "segment_by"])
def test_names_of_another_form_are_refused(option, given):
    with pytest.raises(InvalidOption, match=f"{option} = .*a column name, or a list of them"):
        TrainingOptions.parse(**{option: given})


def test_no_columns_are_not_all_columns():
    with pytest.raises(InvalidOption, match="columns is an empty list"):
        TrainingOptions.parse(columns=[])
    assert TrainingOptions.parse(segment_by=[]).segment_by == ()


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_a_seed_is_kept(seed):
    assert TrainingOptions.parse(seed=seed).seed == seed


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, "1", True, [1], float("nan")])
def test_another_seed_is_refused(seed):
    with pytest.raises(InvalidOption, match=r"seed = .*from 0 to 4294967295"):
        TrainingOptions.parse(seed=seed)


@pytest.mark.parametrize("option", ["contamination", "threshold", "alert_budget"])
def test_the_policy_is_the_option_given(option):
    value = 0.25 if option == "contamination" else 4
    policy = TrainingOptions.parse(**{option: value}).policy
    assert (policy.policy.value, policy.value) == (option, value)


def test_options_cannot_be_changed():
    with pytest.raises(AttributeError):
        TrainingOptions.parse().seed = 1
