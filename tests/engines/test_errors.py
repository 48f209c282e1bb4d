"""What is wrong with a call is told by the same code on every engine, and nothing is lost by it."""

from __future__ import annotations

import pytest

from adsql.errors import from_message

DETECT = "SELECT * FROM detect_anomalies('odd', {})"
SOURCE = "SELECT * FROM detect_anomalies({})"
TRAIN = "SELECT version FROM train_model({})"
SCORE = "SELECT anomaly_score('given', {}) FROM odd AS t"
SAVED = "SELECT * FROM detect_anomalies({}, model => 'given')"

OPTIONS = [
    ("columns => ARRAY['nope']", "UNKNOWN_COLUMN", "'nope'", "fare, km, kind"),
    ("columns => ARRAY['fare', 'faer']", "UNKNOWN_COLUMN", "'faer'", "did you mean 'fare'?"),
    ("columns => CAST(ARRAY[] AS text[])", "INVALID_OPTION", "columns is an empty list"),
    ("columns => ARRAY['']", "INVALID_OPTION", "columns"),
    ("columns => CAST(ARRAY[NULL] AS text[])", "INVALID_OPTION", "columns"),
    ("columns => ARRAY['nothing']", "UNUSABLE_COLUMN", "'nothing'", "every value is NULL"),
    ("segment_by => ARRAY['nope']", "UNKNOWN_COLUMN", "segment_by", "'nope'"),
    ("segment_by => ARRAY['kind', 'knd']", "UNKNOWN_COLUMN", "segment_by", "'knd'", "did you mean 'kind'?"),
    ("segment_shrinkage => 5", "INVALID_OPTION", "segment_shrinkage", "segment_by"),
    ("segment_by => ARRAY['kind'], segment_shrinkage => -1", "INVALID_OPTION", "segment_shrinkage", "-1"),
    ("label_column => 'nope'", "UNKNOWN_COLUMN", "label_column", "'nope'"),
    ("label_column => 'km'", "UNUSABLE_COLUMN", "label_column", "'km'"),
    ("algorithm => 'nope'", "UNKNOWN_ALGORITHM", "'nope'", "iforest, inne, iqr, kde, knn"),
    ("algorithm => 'iforrest'", "UNKNOWN_ALGORITHM", "did you mean 'iforest'?"),
    ("algorithm => ''", "UNKNOWN_ALGORITHM", "''"),
    ("params => '{\"nope\": 1}'", "UNKNOWN_PARAMETER", "'nope'", "n_neighbors, reference_size"),
    ("algorithm => 'knn', params => '{\"n_neighbor\": 3}'", "UNKNOWN_PARAMETER", "did you mean 'n_neighbors'?"),
    ("algorithm => 'knn', params => '{\"n_neighbors\": 0}'", "INVALID_PARAMETER", "n_neighbors = 0", "of at least 1"),
    (
        "algorithm => 'knn', params => '{\"n_neighbors\": 2.5}'",
        "INVALID_PARAMETER",
        "n_neighbors = 2.5",
        "a whole number",
    ),
    ("algorithm => 'knn', params => '{\"n_neighbors\": null}'", "INVALID_PARAMETER", "n_neighbors = None"),
    (
        "algorithm => 'knn', params => '{\"method\": \"meen\"}'",
        "INVALID_PARAMETER",
        "method = 'meen'",
        "'largest' or 'mean'",
    ),
    ("algorithm => 'hbos', params => '{\"alpha\": NaN}'", "INVALID_PARAMETER", "alpha = nan"),
    ("params => 'n_neighbors = 3'", "INVALID_OPTION", "params does not parse as JSON"),
    ("params => ''", "INVALID_OPTION", "params does not parse as JSON"),
    ("params => '[3]'", "INVALID_OPTION", "params = [3]"),
    ("params => 'null'", "INVALID_OPTION", "params = None"),
    ("contamination => 0", "INVALID_OPTION", "contamination = 0", "above 0 and at most 0.5"),
    ("contamination => -1", "INVALID_OPTION", "contamination = -1"),
    ("contamination => 0.51", "INVALID_OPTION", "contamination = 0.51"),
    ("contamination => CAST('NaN' AS double precision)", "INVALID_OPTION", "contamination = nan"),
    ("threshold => CAST('inf' AS double precision)", "INVALID_OPTION", "threshold = inf", "a finite number"),
    ("alert_budget => 0", "INVALID_OPTION", "alert_budget = 0", "a whole number of at least 1"),
    ("threshold => 1, contamination => 0.1", "INVALID_OPTION", "contamination and threshold exclude each other"),
    ("seed => -1", "INVALID_OPTION", "seed = -1", "from 0 to 4294967295"),
    ("seed => 4294967296", "INVALID_OPTION", "seed = 4294967296"),
    ("version => 1", "INVALID_OPTION", "version goes with model"),
    ("model => 'given', algorithm => 'knn'", "INVALID_OPTION", "algorithm cannot be given with model"),
    ("model => 'given', seed => 0", "INVALID_OPTION", "seed cannot be given with model"),
    ("model => 'given', columns => ARRAY['fare']", "INVALID_OPTION", "columns cannot be given with model"),
    ("model => 'given', params => '{}'", "INVALID_OPTION", "params cannot be given with model"),
    ("model => ''", "UNKNOWN_MODEL", "model ''"),
    ("model => 'nope'", "UNKNOWN_MODEL", "'nope'"),
    ("model => 'Given'", "UNKNOWN_MODEL", "did you mean 'given'?"),
    ("model => 'nope', version => 1", "UNKNOWN_MODEL", "'nope'"),
    ("model => 'given', version => 2", "UNKNOWN_VERSION", "model 'given' has no version 2", "Allowed: 1"),
    ("model => 'given', version => 0", "UNKNOWN_VERSION", "no version 0"),
    ("model => 'given', version => -1", "UNKNOWN_VERSION", "no version -1"),
]
SOURCES = [
    ("'nope'", "UNKNOWN_SOURCE", "'nope' does not exist"),
    ("'public.nope'", "UNKNOWN_SOURCE", "'public.nope'", "does not exist"),
    ("'nope.odd'", "UNKNOWN_SOURCE", "'nope.odd'", "does not exist"),
    ("'SELECT nope FROM odd'", "INVALID_SOURCE", "nope"),
    ("'SELECT nope(fare) FROM odd'", "INVALID_SOURCE", "nope"),
    ("'SELECT fare FROM odd GROUP BY km'", "INVALID_SOURCE", "fare"),
    ("'SELECT * FROM odd WHERE'", "INVALID_SOURCE"),
    ("'SELECT * FROM odd)'", "INVALID_SOURCE"),
    ("'SELECT 1 AS a; SELECT 2 AS b'", "INVALID_SOURCE"),
    ("'SELECT * FROM odd; DROP TABLE odd'", "INVALID_SOURCE"),
    ("'DROP TABLE odd'", "INVALID_SOURCE"),
    ("'INSERT INTO odd SELECT * FROM odd'", "INVALID_SOURCE"),
    ("'DELETE FROM odd RETURNING *'", "INVALID_SOURCE"),
    ("'UPDATE odd SET fare = 0'", "INVALID_SOURCE"),
    ("'CREATE TABLE other AS SELECT * FROM odd'", "INVALID_SOURCE"),
    ("'WITH x AS (DELETE FROM odd RETURNING *) SELECT * FROM x'", "INVALID_SOURCE"),
    ("'EXPLAIN SELECT 1'", "INVALID_SOURCE"),
    ("''", "INVALID_SOURCE", "source = ''"),
    ("'  \n\t'", "INVALID_SOURCE", "cannot be read"),
    ("';'", "INVALID_SOURCE"),
    ("'-- only a comment'", "INVALID_SOURCE"),
    ("CAST(NULL AS text)", "INVALID_SOURCE", "source = None"),
    ("'SELECT * FROM odd WHERE fare > 1e6'", "EMPTY_SOURCE", "no rows"),
    ("'SELECT * FROM odd WHERE false'", "EMPTY_SOURCE", "no rows"),
    ("'SELECT * FROM odd WHERE false', algorithm => 'cof'", "EMPTY_SOURCE", "no rows"),
    ("'SELECT * FROM odd LIMIT 1'", "TOO_FEW_ROWS", "1 row", "at least 2"),
    ("'SELECT nothing FROM odd'", "NO_USABLE_COLUMN", "nothing (every value is NULL)"),
    ("'SELECT id, nothing FROM odd'", "NO_USABLE_COLUMN", "id (a key", "nothing (every"),
    ("'SELECT fare AS anomaly_score FROM odd'", "RESULT_COLUMN_EXISTS", "'anomaly_score'"),
    ("'SELECT fare, km AS \"Severity\" FROM odd'", "RESULT_COLUMN_EXISTS", "'Severity'"),
    ("'SELECT fare, fare > 3 AS is_anomaly FROM odd', algorithm => 'cof'", "RESULT_COLUMN_EXISTS", "'is_anomaly'"),
]
CALLS = [
    *((DETECT.format(option), *rest) for option, *rest in OPTIONS),
    *((SOURCE.format(source), *rest) for source, *rest in SOURCES),
    (SAVED.format("'SELECT fare FROM odd'"), "MISSING_COLUMN", "'km'", "trained on"),
    (SAVED.format("'SELECT id, kind AS fare, km, kind, nothing FROM odd'"), "COLUMN_TYPE_CHANGED", "'fare'", "number"),
    (SAVED.format("'SELECT id, fare, km, 42 AS kind, nothing FROM odd'"), "COLUMN_TYPE_CHANGED", "'kind'", "text"),
    (SAVED.format("'SELECT *, 1 AS severity FROM odd'"), "RESULT_COLUMN_EXISTS", "'severity'"),
    (SAVED.format("'nope'"), "UNKNOWN_SOURCE", "'nope'"),
    (SCORE.format("t.fare, t.km"), "WRONG_FEATURE_COUNT", "2 features were passed, the model has 3", "fare, km, kind"),
    (SCORE.format("t.fare, t.km, t.km, t.km"), "WRONG_FEATURE_COUNT", "4 features"),
    ("SELECT anomaly_score('given', t) FROM (SELECT fare FROM odd) AS t", "MISSING_COLUMN", "'km'", "this one has fare"),
    ("SELECT anomaly_score('given', t) FROM (SELECT fare, km, 7 AS kind FROM odd) AS t", "COLUMN_TYPE_CHANGED", "'kind'"),
    ("SELECT anomaly_score('nope', t) FROM odd AS t", "UNKNOWN_MODEL", "'nope'", "models()"),
    ("SELECT anomaly_score('', t) FROM odd AS t", "UNKNOWN_MODEL", "''"),
    ("SELECT anomaly_score(NULL, t) FROM odd AS t", "UNKNOWN_MODEL", "the model's name is NULL"),
    ("SELECT severity(CASE WHEN id = 9 THEN NULL ELSE 'given' END, t) FROM odd AS t", "UNKNOWN_MODEL", "the model's name is NULL"),
    ("SELECT is_anomaly(CASE WHEN id = 9 THEN 'gven' ELSE 'given' END, t) FROM odd AS t", "UNKNOWN_MODEL", "did you mean 'given'?"),
    ("SELECT detect_anomalies('nope', fare, km) FROM odd", "UNKNOWN_MODEL", "'nope'"),
    ("SELECT consensus('nope', t) FROM odd AS t", "UNKNOWN_MODEL", "'nope'"),
    ("SELECT consensus('given', t) FROM odd AS t", "INVALID_OPTION", "'auto'", "'ensemble'"),
    ("SELECT * FROM model_info('nope')", "UNKNOWN_MODEL", "'nope'"),
    ("SELECT * FROM model_info(NULL)", "UNKNOWN_MODEL", "NULL"),
    ("SELECT * FROM model_info('given', version => 7)", "UNKNOWN_VERSION", "no version 7"),
    ("SELECT drop_model('nope')", "UNKNOWN_MODEL", "'nope'"),
    ("SELECT drop_model(NULL)", "UNKNOWN_MODEL", "NULL"),
    ("SELECT drop_model('given', 7)", "UNKNOWN_VERSION", "no version 7"),
    (TRAIN.format("'', 'odd'"), "INVALID_MODEL_NAME", "''", "1 to 200 characters"),
    (TRAIN.format("'   ', 'odd'"), "INVALID_MODEL_NAME", "'   '"),
    (TRAIN.format("NULL, 'odd'"), "INVALID_MODEL_NAME", "None"),
    (TRAIN.format("'a\nb', 'odd'"), "INVALID_MODEL_NAME", "printable"),
    (TRAIN.format("'" + "x" * 201 + "', 'odd'"), "INVALID_MODEL_NAME", "xxx"),
    (TRAIN.format("'new', 'nope'"), "UNKNOWN_SOURCE", "'nope'"),
    (TRAIN.format("'new', 'SELECT * FROM odd WHERE false'"), "EMPTY_SOURCE", "no rows"),
    (TRAIN.format("'new', 'odd', algorithm => 'nope'"), "UNKNOWN_ALGORITHM", "'nope'"),
    (TRAIN.format("'new', 'odd', seed => -1"), "INVALID_OPTION", "seed = -1"),
    (TRAIN.format("'new', 'odd', columns => ARRAY['nope']"), "UNKNOWN_COLUMN", "'nope'"),
    (TRAIN.format("'new', 'DROP TABLE odd'"), "INVALID_SOURCE", "DROP"),
]  # fmt: skip


@pytest.fixture(scope="module")
def given(shared):
    """An engine with a table that has a column of NULLs, and a model of it."""
    shared.run("CREATE TABLE odd AS SELECT id, fare, km, kind, CAST(NULL AS integer) AS nothing FROM trips")
    shared.value("SELECT (train_model('given', 'odd')).version")
    shared.keep()
    yield shared
    shared.run("DROP TABLE odd")
    shared.value("SELECT drop_model('given')")
    shared.keep()


def everything(engine):
    """All there is to lose: rows, tables, models."""
    return [
        engine.rows(query)
        for query in (
            "SELECT * FROM odd ORDER BY id",
            "SELECT name, version, content_hash, created_at FROM models()",
            "SELECT table_name FROM information_schema.tables WHERE table_schema IN ('main', 'public') ORDER BY table_name",
        )
    ]


@pytest.mark.parametrize(("query", "code", "fragments"), [(query, code, rest) for query, code, *rest in CALLS])
def test_what_is_wrong_is_named_and_nothing_is_lost(given, query, code, fragments):
    before = everything(given)
    with given.raises(code, *fragments):
        given.rows(query)
    assert everything(given) == before


def test_a_message_recommends_nothing_that_the_engine_does_not_have(given):
    """A hint that cannot be followed is worse than none."""
    for query, code, *_ in CALLS:
        with pytest.raises(given.error) as caught:
            given.rows(query)
        told = str(from_message(str(caught.value)))
        for word in given.foreign:
            assert word not in told, (code, told)


def test_a_message_stays_short_however_long_a_value_is(given):
    for query in (
        f"SELECT * FROM detect_anomalies('{'no_such_table_' * 1_000}')",
        f"SELECT drop_model('{'none ' * 1_000}')",
    ):
        with pytest.raises(given.error) as caught:
            given.rows(query)
        assert len(str(from_message(str(caught.value)))) < 1_000


def test_a_null_name_is_not_the_name_none(given):
    given.value("SELECT (train_model('None', 'odd', algorithm => 'mad')).version")
    with given.raises("UNKNOWN_MODEL", "NULL"):
        given.rows("SELECT drop_model(NULL)")
    with given.raises("UNKNOWN_MODEL", "NULL"):
        given.rows("SELECT anomaly_score(NULL, t) FROM odd AS t")
    assert given.value("SELECT drop_model('None')") == [1]


def test_a_saved_model_has_nothing_to_say_about_no_rows(given):
    assert given.rows("SELECT * FROM detect_anomalies('SELECT * FROM odd WHERE false', model => 'given')") == []
    assert given.rows("SELECT anomaly_score('given', t) FROM odd AS t WHERE false") == []
