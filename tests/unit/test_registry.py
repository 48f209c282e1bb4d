"""Detectors are found by name, by alias and as entry points; engines too."""

from __future__ import annotations

import pytest

import adsql_udfs.duckdb
from adsql.engines import engine
from adsql.errors import NotRowWise, UnknownAlgorithm, UnknownEngine
from adsql.registry import BUILTIN, detectors, find, is_ranker, row_wise, row_wise_detectors


def test_the_default_is_listed_first():
    assert next(iter(detectors())) == "auto"


def test_every_builtin_detector_is_registered_under_its_name():
    modules = [line.partition(":")[0] for line in BUILTIN]
    assert [name for name in detectors() if name in modules] == modules


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("iforest", "iforest"),
        ("isolation_forest", "iforest"),
        ("Isolation_Forest", "iforest"),
        ("KNN", "knn"),
        ("z_score", "zscore"),
        ("z-score", "zscore"),
        ("IsolationForest", "iforest"),
        ("isolation forest", "iforest"),
    ],
)
def test_names_and_aliases_are_found_regardless_of_case(name, expected):
    assert find(name).spec.name == expected


@pytest.mark.parametrize(
    ("name", "meant"), [("iforrest", "iforest"), ("isolation woods", "isolation_forest"), ("zsocre", "zscore")]
)
def test_the_nearest_name_or_alias_is_suggested(name, meant):
    with pytest.raises(UnknownAlgorithm, match=f"did you mean '{meant}'") as caught:
        find(name)
    assert all(known in str(caught.value) for known in detectors())


@pytest.mark.parametrize("name", ["", "no such thing", "knn; DROP TABLE t"])
def test_a_name_like_no_other_points_to_the_list(name):
    with pytest.raises(UnknownAlgorithm, match=r"SELECT \* FROM detectors\(\)"):
        find(name)


def test_detectors_that_only_rank_are_told_apart_and_point_to_one_that_can_be_trained():
    rankers = {name: cls for name, cls in detectors().items() if is_ranker(cls)}
    assert rankers
    assert set(rankers) | set(row_wise_detectors()) == set(detectors())
    for name, cls in rankers.items():
        with pytest.raises(NotRowWise, match=f"{name} compares.*train '{cls.spec.instead}'"):
            row_wise(cls)
        assert cls.spec.instead in row_wise_detectors(), f"{name} points to {cls.spec.instead}, which does not exist"


def test_the_installed_engine_is_found():
    assert engine("duckdb") is adsql_udfs.duckdb


def test_an_engine_that_is_not_installed_is_refused_with_those_that_are():
    with pytest.raises(UnknownEngine, match=r"engine 'oracle' is not installed. Allowed: duckdb"):
        engine("oracle")


def test_a_long_name_is_cut_in_the_message():
    with pytest.raises(UnknownAlgorithm) as caught:
        find("x" * 10_000)
    assert len(str(caught.value)) < 500
