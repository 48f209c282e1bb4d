"""Labels keep anomalies out of training and choose the threshold."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsql.errors import InvalidOption, TooFewRows, UnknownColumn, UnusableColumn
from adsql.labels import best_threshold, label_values
from adsql.model import Model
from adsql.options import TrainingOptions
from adsql.threshold import Policy


def table(n=500, anomalies=50, label=None):
    """Return a cluster of anomalies that, in training, would vouch for each other."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=n), rng.normal(6.0, 0.1, anomalies)])
    labels = np.arange(n + anomalies) >= n
    return {"x": pa.array(x), "bad": pa.array(labels.tolist()) if label is None else label(labels)}


def trained(data, **options):
    return Model.fit(data, TrainingOptions.parse("knn", label_column="bad", **options))


@pytest.mark.parametrize(
    "label",
    [
        lambda labels: pa.array(labels.tolist()),
        lambda labels: pa.array(labels.astype(np.int8)),
        lambda labels: pa.array(labels.astype(float)),
        lambda labels: pa.array([True if bad else None for bad in labels[:-1]] + [False]),
    ],
    ids=["booleans", "integers", "floats", "with_nulls"],
)
def test_labelled_anomalies_are_found_although_they_lie_together(label):
    data = table(label=label)
    verdicts = trained(data).score({"x": data["x"]}).is_anomaly
    assert verdicts[500:].all() or data["bad"].null_count
    assert verdicts[:500].mean() < 0.02


def test_anomalies_are_no_training_rows():
    model = trained(table())
    clean = {name: column[:500] for name, column in table().items()}
    alone = Model.fit({"x": clean["x"]}, TrainingOptions.parse("knn"))
    rows = {"x": pa.array([-3.0, 0.0, 6.0])}
    assert model.score(rows).anomaly_score.tobytes() == alone.score(rows).anomaly_score.tobytes()


def test_the_label_is_no_feature_and_is_not_asked_for_in_scoring():
    model = trained(table())
    assert model.positional_columns == ("x",)
    assert {("model", "label_column", "bad"), ("model", "threshold_policy", "labels")} <= {
        fact[:3] for fact in model.info()
    }
    assert Model.from_bytes(model.to_bytes()).label_column == "bad"


def test_another_policy_chooses_the_threshold_itself():
    assert trained(table(), contamination=0.1).policy.policy is Policy.CONTAMINATION
    assert trained(table(), threshold=2.5).threshold == 2.5


@pytest.mark.parametrize("labels", [[False] * 550, [None] * 550], ids=["no_anomaly", "nothing_known"])
def test_without_both_kinds_the_threshold_is_automatic(labels):
    data = {**table(), "bad": pa.array(labels, pa.bool_())}
    automatic = Model.fit({"x": data["x"]}, TrainingOptions.parse("knn"))
    assert trained(data).threshold == automatic.threshold


def test_anomalies_alone_teach_nothing():
    with pytest.raises(TooFewRows, match=r"0 of 550 rows are not labelled.*other way round"):
        trained({**table(), "bad": pa.array([True] * 550)})


@pytest.mark.parametrize(
    ("values", "named"),
    [(pa.array(["yes", "no"]), "string"), (pa.array([0, 2]), "2.0"), (pa.array([[1], [0]]), "list")],
)
def test_other_labels_are_refused_and_named(values, named):
    with pytest.raises(UnusableColumn, match=rf"label_column 'bad'.*{named}.*booleans, or of the numbers 0 and 1"):
        label_values("bad", values)


def test_a_label_column_that_is_not_there_is_named():
    with pytest.raises(UnknownColumn, match=r"label_column: column 'worse' does not exist. Allowed: x, bad"):
        Model.fit(table(), TrainingOptions.parse("knn", label_column="worse"))


@pytest.mark.parametrize("value", [5, "", ["bad"], True])
def test_a_label_column_is_one_name(value):
    with pytest.raises(InvalidOption, match="label_column = "):
        TrainingOptions.parse("knn", label_column=value)


@given(st.lists(st.tuples(st.integers(-5, 5), st.sampled_from([0.0, 1.0, np.nan])), min_size=1, max_size=40))
def test_no_threshold_has_a_higher_f1(rows):
    scores = np.array([float(score) for score, _ in rows])
    labels = np.array([label for _, label in rows])

    def f1(threshold):
        flagged, known = scores > threshold, ~np.isnan(labels)
        hits = (flagged & (labels == 1.0)).sum()
        return 2 * hits / ((flagged & known).sum() + (labels == 1.0).sum())

    threshold = best_threshold(scores, labels)
    if threshold is None:
        assert len(set(labels[~np.isnan(labels)].tolist())) < 2
    else:
        assert f1(threshold) == max(f1(other) for other in [*scores, *(scores - 0.5)])
