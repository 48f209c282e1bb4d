"""give_feedback, preview_feedback and apply_feedback: verdicts are kept with their rows, and models learn from them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from adsql.feedback import Verdict, learned, preview

EFFECTS = "SELECT metric, before, after FROM preview_feedback('judged', 'measured')"
# Rows 1 to 10 are faults, 11 to 20 harmless; all of them are far out.
GIVE = """
SELECT give_feedback(
    'judged', t, CASE WHEN id <= 10 THEN 'anomaly' ELSE 'normal' END, key => CAST(id AS VARCHAR), note => 'seen'
)
FROM measured AS t
WHERE id BETWEEN 1 AND 5 OR id BETWEEN 11 AND 15
"""
FLAGGED = "SELECT id FROM measured AS t WHERE is_anomaly('judged', t) ORDER BY id"


def measured():
    rng = np.random.default_rng(4)
    x, y, days = rng.normal(size=600), rng.normal(size=600), np.arange(600) % 30
    x[:10] += 9.0
    y[10:20] += 9.0
    return {
        "id": pa.array(np.arange(1, 601)), "x": pa.array(x), "y": pa.array(y),
        "day": pa.array(days, pa.int32()).cast(pa.date32()), "kind": pa.array(["a", "b", None] * 200),
    }  # fmt: skip


@pytest.fixture
def judged(engine):
    """An engine with a table and a model of it, on which there are no verdicts yet."""
    engine.create("measured", measured())
    engine.value("SELECT (train_model('judged', 'measured', algorithm => 'mad', columns => ARRAY['x', 'y'])).version")
    return engine


def given(judged):
    """The verdicts of the table, as the library takes them."""
    found = judged.rows('SELECT CAST("row" AS VARCHAR), verdict FROM adsql.feedback ORDER BY CAST(row_key AS INTEGER)')
    return [Verdict(row, said == "anomaly") for row, said in found]


def test_a_verdict_is_kept_with_its_row(judged):
    assert {said for (said,) in judged.rows(GIVE)} == {"anomaly", "normal"}
    found = judged.rows("SELECT model, row_key, verdict, note, given_at IS NULL FROM adsql.feedback")
    assert len(found) == 10
    assert ("judged", "5", "anomaly", "seen", False) in found
    assert all('"kind"' in verdict.row for verdict in given(judged))


def test_the_effect_is_that_of_the_library_and_is_shown_before_it_is_applied(judged):
    judged.rows(GIVE)
    expected = preview(judged.saved_model("judged"), measured(), given(judged))
    shown = judged.rows(EFFECTS)
    assert [row[0] for row in shown] == [effect.metric for effect in expected]
    for row, effect in zip(shown, expected, strict=True):
        assert [value is None for value in row] == [value is None for value in effect]
        np.testing.assert_allclose(*([value or 0.0 for value in figures[1:]] for figures in (row, effect)), rtol=1e-9)
    assert judged.value("SELECT max(version) FROM models() WHERE name = 'judged'") == 1


def test_a_model_learns_as_a_new_version_and_scores_as_the_library_does(judged):
    judged.rows(GIVE)
    before = judged.saved_model("judged")
    stored = judged.rows("SELECT name, version, n_rows FROM apply_feedback('judged', 'measured')")
    assert stored == [("judged", 2, 600)]
    flagged = {row for (row,) in judged.rows(FLAGGED)}
    assert flagged >= set(range(1, 11))
    assert not flagged & set(range(11, 21))
    after = learned(before, measured(), given(judged))
    scores = judged.rows("SELECT anomaly_score('judged', t) FROM measured AS t ORDER BY id")
    np.testing.assert_allclose([score for (score,) in scores], after.score(measured()).anomaly_score, rtol=1e-9)
    assert judged.value("SELECT value FROM model_info('judged') WHERE name = 'verdicts'") == "10, of which 5 anomalies"


def test_all_forms_give_one_score(judged):
    judged.rows(GIVE)
    judged.rows("SELECT version FROM apply_feedback('judged', 'measured')")
    table = [row[:2] for row in judged.results(["id"], "measured", "model => 'judged'")]
    rows = judged.rows("SELECT id, anomaly_score('judged', t) FROM measured AS t ORDER BY id")
    places = judged.rows("SELECT id, anomaly_score('judged', x, y) FROM measured ORDER BY id")
    assert table == rows == places


def test_what_was_learned_twice_is_one_version(judged):
    judged.rows(GIVE)
    assert [judged.value("SELECT version FROM apply_feedback('judged', 'measured')") for _ in range(2)] == [2, 2]


def test_verdicts_may_be_inserted_and_the_newest_on_a_row_counts(judged):
    insert = """
    INSERT INTO adsql.feedback (model, row_key, "row", verdict)
    SELECT 'judged', id, to_json(t), '{}' FROM measured AS t WHERE id = {}
    """
    for said in ("anomaly", "normal"):
        judged.run(insert.format(said, 11))
    judged.run(insert.format("anomaly", 1))
    effects = {metric: after for metric, _, after in judged.rows(EFFECTS)}
    assert (effects["verdicts"], effects["confirmed_anomalies"]) == (2.0, 1.0)


def test_without_a_key_the_row_tells_itself(judged):
    for said in ("anomaly", "normal", "normal"):
        judged.rows(f"SELECT give_feedback('judged', t, '{said}') FROM measured AS t WHERE id IN (1, 2)")
    assert {metric: after for metric, _, after in judged.rows(EFFECTS)}["verdicts"] == 2.0


def test_a_row_may_be_json_as_text(judged):
    judged.rows("""SELECT give_feedback('judged', '{"x": 9, "y": 0}', 'normal', key => 'q')""")
    assert judged.value("SELECT row_key FROM adsql.feedback") == "q"
    assert {metric: after for metric, _, after in judged.rows(EFFECTS)}["verdicts"] == 1.0


def test_an_older_version_can_learn(judged):
    judged.rows(GIVE)
    judged.value(
        "SELECT (train_model('judged', 'measured', algorithm => 'zscore', columns => ARRAY['x', 'y'])).version"
    )
    assert judged.rows("SELECT version, algorithm FROM apply_feedback('judged', 'measured', version => 1)") == [
        (3, "mad")
    ]


def test_times_categories_and_segments_are_read_back_from_json(judged):
    judged.value("SELECT (train_model('dated', 'measured', algorithm => 'knn', segment_by => ARRAY['kind'])).version")
    judged.rows("SELECT give_feedback('dated', t, 'anomaly') FROM measured AS t WHERE id <= 3")
    effects = dict(judged.rows("SELECT metric, after FROM preview_feedback('dated', 'measured')"))
    assert (effects["left_out_of_training"], effects["threshold"]) == (3.0, None)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("SELECT give_feedback('judged', t, 'maybe') FROM measured AS t", "INVALID_OPTION"),
        ("SELECT give_feedback('judged', t, NULL) FROM measured AS t", "INVALID_OPTION"),
        ("SELECT give_feedback('nobody', t, 'normal') FROM measured AS t", "UNKNOWN_MODEL"),
        ("SELECT give_feedback(NULL, t, 'normal') FROM measured AS t", "UNKNOWN_MODEL"),
        ("SELECT give_feedback('judged', t, 'normal') FROM (SELECT x FROM measured) AS t", "MISSING_COLUMN"),
        ("SELECT give_feedback('judged', '[1]', 'normal')", "INVALID_SOURCE"),
        ("SELECT * FROM preview_feedback('judged', 'measured')", "EMPTY_SOURCE"),
        ("SELECT * FROM apply_feedback('judged', 'measured')", "EMPTY_SOURCE"),
        ("SELECT * FROM apply_feedback('nobody', 'measured')", "UNKNOWN_MODEL"),
        ("SELECT * FROM apply_feedback('judged', 'nowhere')", "UNKNOWN_SOURCE"),
        ("SELECT * FROM apply_feedback('judged', 'measured', version => 7)", "UNKNOWN_VERSION"),
        ("SELECT * FROM apply_feedback('judged', 'SELECT x, y FROM measured WHERE false')", "EMPTY_SOURCE"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(judged, call, code):
    with judged.raises(code):
        judged.rows(call)
    assert judged.value("SELECT count(*) FROM adsql.feedback") == 0


def test_a_word_that_is_no_verdict_is_refused_by_the_table(judged):
    with pytest.raises(judged.error, match="verdict"):
        judged.run("""INSERT INTO adsql.feedback (model, "row", verdict) VALUES ('judged', '{}', 'maybe')""")


@pytest.mark.parametrize("algorithm", ["zscore", "mad"])
def test_a_model_that_has_learned_is_neither_updated_nor_written_as_sql(judged, algorithm):
    judged.rows(f"SELECT version FROM train_model('judged', 'measured', '{algorithm}', columns => ARRAY['x', 'y'])")
    judged.rows(GIVE)
    judged.rows("SELECT version FROM apply_feedback('judged', 'measured')")
    before = judged.rows(FLAGGED)
    with judged.raises("NOT_INCREMENTAL", "verdicts", "apply_feedback(model, source)"):
        judged.rows("SELECT version FROM update_model('judged', 'measured')")
    with judged.raises("NO_SQL_FORM", "verdicts", "the version before"):
        judged.rows("SELECT model_sql('judged')")
    assert judged.rows(FLAGGED) == before
    more = "SELECT * FROM measured UNION ALL SELECT id + 600, x * 0.99, y * 0.99, day, kind FROM measured"
    assert judged.value(f"SELECT n_rows FROM apply_feedback('judged', '{more}')") > 1000, "what the errors say to do"
