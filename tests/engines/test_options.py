"""Every option means the same on every engine: the library's own model and results."""

from __future__ import annotations

import pytest

from adsql import registry
from engines.comparison import assert_close
from engines.tables import DETECTORS, expected, fitted, trips

ROW = "SELECT id, anomaly_score('m', t), severity('m', t), is_anomaly('m', t) FROM trips AS t ORDER BY id"
OPTIONS = [
    ("mad", "contamination => 0.1", {"contamination": 0.1}),
    ("zscore", "contamination => 0.5", {"contamination": 0.5}),
    ("mad", "threshold => 2.5", {"threshold": 2.5}),
    ("mad", "threshold => -1", {"threshold": -1.0}),
    ("hbos", "alert_budget => 7", {"alert_budget": 7}),
    ("auto", "label_column => 'fraud'", {"label_column": "fraud"}),
    ("mad", "label_column => 'FRAUD', contamination => 0.02", {"label_column": "FRAUD", "contamination": 0.02}),
    ("iforest", "seed => 7", {"seed": 7}),
    ("iforest", "seed => 4294967295", {"seed": 4294967295}),
    ("knn", """params => '{"n_neighbors": 3, "method": "mean"}'""", {"params": {"n_neighbors": 3, "method": "mean"}}),
    ("knn", """params => ' { "method" : "mean", "n_neighbors" : 3.0 } '""", {"params": {"n_neighbors": 3, "method": "mean"}}),
    ("auto", "columns => ARRAY['km', 'fare']", {"columns": ["km", "fare"]}),
    ("auto", "columns => ARRAY['FARE', 'fare']", {"columns": ["fare"]}),
    ("auto", "columns => ARRAY['km', 'id']", {"columns": ["km", "id"]}),
    ("mad", "segment_by => ARRAY['kind']", {"segment_by": ["kind"]}),
    ("auto", "segment_by => ARRAY['place']", {"segment_by": ["place"]}),
    ("knn", "segment_by => ARRAY['fraud']", {"segment_by": ["fraud"]}),
    ("mad", "segment_by => ARRAY['kind', 'PLACE'], alert_budget => 2", {"segment_by": ["kind", "PLACE"], "alert_budget": 2}),
    ("zscore", "segment_by => ARRAY['kind'], columns => ARRAY['fare'], label_column => 'fraud', contamination => 0.05, seed => 3",
     {"segment_by": ["kind"], "columns": ["fare"], "label_column": "fraud", "contamination": 0.05, "seed": 3}),
    ("mad", "columns => NULL, segment_by => NULL, contamination => NULL, params => NULL, seed => NULL", {}),
    ("knn", "segment_by => ARRAY['kind'], columns => ARRAY['fare'], segment_shrinkage => 12.5",
     {"segment_by": ["kind"], "columns": ["fare"], "segment_shrinkage": 12.5}),
    ("mad", "threshold => NULL, alert_budget => NULL, label_column => NULL", {}),
]  # fmt: skip
ALIASES = [(alias, cls.spec.name) for cls in registry.row_wise_detectors().values() for alias in cls.spec.aliases]


@pytest.mark.parametrize(("algorithm", "text", "given"), OPTIONS, ids=[f"{a}-{text}" for a, text, _ in OPTIONS])
def test_an_option_gives_the_library_s_model_and_results(engine, algorithm, text, given):
    model = fitted(algorithm, trips(), **given)
    wanted = expected(trips(), model.score(trips()))
    described = engine.rows(
        f"SELECT version, algorithm, n_rows, n_features, threshold "
        f"FROM train_model('m', 'trips', algorithm => '{algorithm}', {text})"
    )
    assert described == [(1, algorithm, model.n_rows, model.n_features, model.threshold)]
    assert engine.saved_model("m").content_hash == model.content_hash
    assert engine.rows(ROW) == wanted
    numbers_alone = model.takes_numbers and engine.tolerance
    for form in engine.forms:
        for options in ("model => 'm'", f"algorithm => '{algorithm}', {text}"):
            found = engine.results(["id"], "trips", options, form)
            if numbers_alone:
                assert_close(found, wanted, engine.tolerance)
            else:
                assert found == wanted


def test_arguments_by_position_are_those_by_name(engine):
    positional = ["'trips'", "'knn'", "ARRAY['fare', 'km']", "ARRAY['kind']", "0.1", "'{\"n_neighbors\": 3}'", "7"]
    names = ["source", "algorithm", "columns", "segment_by", "contamination", "params", "seed"]
    for count in range(1, len(positional) + 1):
        by_name = ", ".join(
            [
                positional[0],
                *(f"{name} => {text}" for name, text in zip(names[1:count], positional[1:count], strict=True)),
            ]
        )
        by_position = ", ".join(positional[:count])
        query = "SELECT anomaly_score, severity, is_anomaly FROM detect_anomalies({}) ORDER BY anomaly_score, severity"
        assert engine.rows(query.format(by_position)) == engine.rows(query.format(by_name))
        stored = engine.rows(f"SELECT * FROM train_model('m', {by_position})")
        assert engine.rows(f"SELECT * FROM train_model('m', {by_name})") == stored


@pytest.mark.parametrize(("alias", "name"), [*ALIASES, ("KNN", "knn"), ("Isolation_Forest", "iforest")])
def test_algorithms_answer_to_their_aliases_in_any_case(engine, alias, name):
    stored = engine.rows(f"SELECT algorithm, version FROM train_model('m', 'trips', algorithm => '{alias}')")
    assert stored == [(name, 1)]
    assert engine.rows(f"SELECT algorithm, version FROM train_model('m', 'trips', algorithm => '{name}')") == stored


def test_a_detector_takes_no_value_that_its_parameter_refuses(engine):
    """One example for each detector that has parameters: the library's own tests hold for all of them."""
    for name in DETECTORS:
        for parameter in registry.detectors()[name].spec.parameters[:1]:
            value = next(v for v in parameter.rejected_examples() if isinstance(v, str))
            params = f'{{"{parameter.name}": "{value}"}}'
            with engine.raises("INVALID_PARAMETER", parameter.name, value):
                engine.rows(
                    f"SELECT version FROM train_model('m', 'trips', algorithm => '{name}', params => '{params}')"
                )
            with engine.raises("INVALID_PARAMETER", parameter.name, value):
                engine.rows(f"SELECT * FROM detect_anomalies('trips', algorithm => '{name}', params => '{params}')")


@pytest.mark.parametrize(
    ("option", "flagged"),
    [("contamination => 0.1", 40), ("contamination => 0.5", 200), ("alert_budget => 3", 3), ("threshold => 1e9", 0), ("threshold => -1", 401)],
)  # fmt: skip
def test_the_share_the_budget_or_the_threshold_decide_how_many_are_anomalies(engine, option, flagged):
    assert engine.value(f"SELECT count(*) FROM detect_anomalies('trips', {option}) WHERE is_anomaly") == flagged
