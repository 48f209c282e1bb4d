"""A detector's `Spec` is true: what it declares is what it accepts, and it says what it refuses."""

from __future__ import annotations

import json
import math

import pytest

from adsql.detector import Capability
from adsql.errors import InvalidParameter, OptionError, UnknownParameter
from adsql.model import Model
from adsql.options import TrainingOptions
from adsql.registry import detectors, find, is_ranker
from adsql.wording import shown
from sample_tables import fitted, normal, ranked

TOO_LARGE_FOR_A_FLOAT = 10**400

PARAMETERS = [
    pytest.param(cls, parameter, id=f"{name}-{parameter.name}")
    for name, cls in detectors().items()
    for parameter in cls.spec.parameters
]
REFUSED = [
    pytest.param(cls, parameter, value, id=f"{name}-{parameter.name}-{shown(value)[:20]}")
    for name, cls in detectors().items()
    for parameter in cls.spec.parameters
    for value in (*parameter.rejected_examples(), None, math.inf, TOO_LARGE_FOR_A_FLOAT)
]
_TYPES = {
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list | tuple),
}


def accepts(schema, value):
    """Return whether a JSON schema holds for a value; it must use no keyword but these."""
    checks = {
        "type": lambda expected: _TYPES[expected](value),
        "minimum": lambda bound: value >= bound,
        "exclusiveMinimum": lambda bound: value > bound,
        "maximum": lambda bound: value <= bound,
        "enum": lambda allowed: value in allowed,
        "items": lambda schema: all(accepts(schema, item) for item in value),
        "minItems": lambda bound: len(value) >= bound,
        "maxItems": lambda bound: len(value) <= bound,
        "anyOf": lambda schemas: any(accepts(part, value) for part in schemas),
        "default": lambda _: True,
        "description": bool,
    }
    return all(checks[keyword](argument) for keyword, argument in schema.items())


@pytest.mark.parametrize(("cls", "parameter", "value"), REFUSED)
def test_a_refused_value_is_named_with_what_is_allowed(cls, parameter, value):
    with pytest.raises(InvalidParameter) as caught:
        cls.spec.resolve({parameter.name: value})
    message = str(caught.value)
    assert cls.spec.name in message
    assert f"{parameter.name} = {shown(value)}" in message
    assert f"Allowed: {parameter.allowed()}" in message
    for bound in (parameter.minimum, parameter.maximum):
        assert bound is None or f"{bound:g}" in message
    for choice in parameter.choices:
        assert f"'{choice}'" in message


@pytest.mark.parametrize(("cls", "parameter"), PARAMETERS)
def test_the_schema_accepts_the_default_and_refuses_what_the_detector_refuses(cls, parameter):
    schema = parameter.json_schema()
    assert accepts(schema, parameter.default)
    assert json.loads(json.dumps(schema)) == schema
    # JSON has no NaN.
    for value in parameter.rejected_examples():
        assert (isinstance(value, float) and math.isnan(value)) or not accepts(schema, value), value


@pytest.mark.parametrize(("cls", "parameter"), PARAMETERS)
def test_bounds_and_words_are_accepted(cls, parameter):
    accepted = [parameter.default, *parameter.choices]
    if parameter.kind is tuple:
        accepted += [("mad",) * int(parameter.minimum), ("mad",) * int(parameter.maximum)]
    elif parameter.minimum is not None and not parameter.exclusive_minimum:
        accepted.append(parameter.kind(parameter.minimum))
    if parameter.maximum is not None and parameter.kind is not tuple:
        accepted.append(parameter.kind(parameter.maximum))
    for value in accepted:
        assert cls.spec.resolve({parameter.name: value})[parameter.name] == value
        assert accepts(parameter.json_schema(), value)


@pytest.mark.parametrize(("cls", "parameter"), PARAMETERS)
def test_every_word_and_small_bound_trains_a_model(cls, parameter):
    values = [*parameter.choices, parameter.default]
    if parameter.minimum is not None and parameter.kind is not tuple:
        values.append(parameter.minimum + 1 / 64 if parameter.exclusive_minimum else int(parameter.minimum))
    if parameter.kind is bool:
        values += [True, False]
    table = normal(60, 3)
    for value in values:
        if is_ranker(cls):
            assert ranked(cls, table, params={parameter.name: value}).present.all()
            continue
        model = fitted(cls, table, params={parameter.name: value})
        assert model.params[parameter.name] == value
        assert Model.from_bytes(model.to_bytes()).params == model.params


@pytest.mark.parametrize(
    "names", [("mad", "mad"), ("mad", "no such"), ("mad", "median_absolute_deviation"), ("mad", "ensemble")]
)
def test_an_ensemble_is_made_of_different_detectors_that_exist(names):
    with pytest.raises(OptionError, match=r"detectors|no such"):
        TrainingOptions.parse("ensemble", params={"detectors": list(names)})


def test_the_order_of_an_ensembles_members_does_not_matter():
    table = normal(60, 3)
    first, second = (
        fitted(find("ensemble"), table, params={"detectors": names}) for names in (["mad", "knn"], ["knn", "mad"])
    )
    assert first.score(table).anomaly_score.tobytes() == second.score(table).anomaly_score.tobytes()


def test_an_unknown_parameter_is_named_with_those_that_exist(any_detector):
    with pytest.raises(UnknownParameter, match="has no parameter 'no_such'") as caught:
        any_detector.spec.resolve({"no_such": 1})
    assert all(parameter.name in str(caught.value) for parameter in any_detector.spec.parameters)


def test_a_misspelt_parameter_is_suggested(any_detector):
    for parameter in any_detector.spec.parameters:
        with pytest.raises(UnknownParameter, match=f"did you mean '{parameter.name}'"):
            any_detector.spec.resolve({parameter.name + "s": 1})


def test_defaults_fill_in_what_is_not_given(any_detector):
    resolved = any_detector.spec.resolve({})
    assert resolved == {parameter.name: parameter.default for parameter in any_detector.spec.parameters}
    assert TrainingOptions.parse(any_detector.spec.name).params == resolved


def test_the_schema_names_every_parameter_and_no_other(any_detector):
    schema = any_detector.spec.json_schema()
    assert list(schema["properties"]) == [parameter.name for parameter in any_detector.spec.parameters]
    assert schema["additionalProperties"] is False


def test_it_is_found_by_its_name_and_aliases(any_detector):
    for name in (any_detector.spec.name, *any_detector.spec.aliases):
        assert find(name) is any_detector
        assert find(name.upper()) is any_detector


def test_it_is_described_for_people_who_choose(any_detector):
    spec = any_detector.spec
    assert spec.summary.endswith(".")
    assert spec.references
    assert spec.capability in Capability
    assert spec.score
    assert spec.cost
    assert any_detector.__module__.rpartition(".")[2] == spec.name, "the file is named as in SQL"
    for heading in ("References\n", "Examples\n"):
        assert heading in any_detector.__doc__


def test_names_and_aliases_are_given_once():
    names = [name for cls in detectors().values() for name in (cls.spec.name, *cls.spec.aliases)]
    assert len(names) == len(set(names))
