"""Where the functions may stand: in every clause and statement that DuckDB has."""

from __future__ import annotations

import duckdb
import pytest

import adsql
from adsql.segment import Segment
from sql.support import ANOMALY, RESULTS, raises, rows, value

STRANGE = [(ANOMALY,)]
CLAUSES = [
    "SELECT id FROM trips AS t WHERE is_anomaly('fares', t)",
    "SELECT id FROM trips AS t WHERE detect_anomalies('fares', t).is_anomaly",
    "SELECT id FROM trips AS t WHERE anomaly_score('fares', t) > (SELECT threshold FROM models())",
    "SELECT id FROM trips AS t ORDER BY anomaly_score('fares', t) DESC LIMIT 1",
    "SELECT max(id) FROM trips AS t GROUP BY is_anomaly('fares', t) HAVING is_anomaly('fares', t)",
    "SELECT arg_max(id, anomaly_score('fares', t)) FROM trips AS t",
    "SELECT max(id) FILTER (is_anomaly('fares', t)) FROM trips AS t",
    "SELECT id FROM trips AS t QUALIFY row_number() OVER (ORDER BY anomaly_score('fares', t) DESC) = 1",
    "SELECT id FROM trips AS t QUALIFY anomaly_score('fares', t) = max(anomaly_score('fares', t)) OVER ()",
    "SELECT t.id FROM trips AS t JOIN trips AS u ON t.id = u.id AND is_anomaly('fares', t)",
    "SELECT t.id FROM trips AS t, LATERAL (SELECT is_anomaly('fares', t) AS strange) AS l WHERE l.strange",
    "SELECT id FROM trips AS t WHERE (SELECT is_anomaly('fares', t))",
    "SELECT id FROM (SELECT id, severity('fares', t) AS s FROM trips AS t) ORDER BY s DESC LIMIT 1",
    "WITH scored AS (SELECT *, is_anomaly('fares', t) AS strange FROM trips AS t) SELECT id FROM scored WHERE strange",
    "SELECT CASE WHEN is_anomaly('fares', t) THEN id END AS id FROM trips AS t ORDER BY id NULLS LAST LIMIT 1",
    "SELECT id FROM trips AS t WHERE is_anomaly('fares', t) UNION SELECT id FROM trips AS t WHERE is_anomaly('fares', t)",
    "SELECT id FROM detect_anomalies('trips') WHERE is_anomaly",
    "SELECT max(id) FROM detect_anomalies('trips') GROUP BY is_anomaly HAVING is_anomaly",
    "SELECT id FROM detect_anomalies('trips') QUALIFY row_number() OVER (ORDER BY anomaly_score DESC) = 1",
    "SELECT trips.id FROM trips JOIN detect_anomalies('trips') AS found USING (id) WHERE found.is_anomaly",
    "SELECT id FROM trips WHERE id IN (SELECT id FROM detect_anomalies('trips') WHERE is_anomaly)",
    "SELECT a.id FROM detect_anomalies('trips') AS a JOIN detect_anomalies('trips', 'mad') AS b USING (id) WHERE a.is_anomaly",
    "SELECT id FROM detect_anomalies('trips', model => 'fares') WHERE is_anomaly AND severity > 0.99 AND id >= 0",
]  # fmt: skip


@pytest.mark.parametrize("query", CLAUSES)
def test_the_functions_stand_in_any_clause(kept, query):
    assert rows(kept, query) == STRANGE


@pytest.mark.parametrize("model", ["", ", model => 'fares'"])
def test_a_filter_around_a_detection_changes_nothing_that_it_learned(kept, model):
    every = rows(kept, f"FROM detect_anomalies('trips'{model})")
    filtered = rows(kept, f"FROM detect_anomalies('trips'{model}) WHERE id % 3 = 0 AND fare > 5")
    assert filtered == [row for row in every if row[0] % 3 == 0 and row[1] is not None and row[1] > 5]
    assert rows(kept, f"FROM detect_anomalies('trips'{model}) LIMIT 7") == every[:7]


def test_a_table_is_created_and_filled_from_a_detection(con):
    con.execute("CREATE TABLE found AS FROM detect_anomalies('trips')")
    con.execute("INSERT INTO found FROM detect_anomalies('trips', model => 'fares')")
    assert rows(con, "SELECT count(*), count(DISTINCT found) FROM found") == [(1002, 501)]
    assert con.sql("FROM found").columns[-3:] == RESULTS


def test_rows_are_updated_deleted_and_merged_by_their_scores(con):
    con.execute("ALTER TABLE trips ADD COLUMN score DOUBLE")
    con.execute("UPDATE trips SET score = anomaly_score('fares', trips)")
    assert rows(con, "SELECT id, score FROM trips ORDER BY id") == rows(
        con, "SELECT id, anomaly_score('fares', t) FROM trips AS t ORDER BY id"
    )
    con.execute(
        "MERGE INTO trips USING (SELECT id FROM detect_anomalies('SELECT * EXCLUDE (score) FROM trips') WHERE is_anomaly)"
        " AS found USING (id) WHEN MATCHED THEN UPDATE SET score = -1"
    )
    assert rows(con, "SELECT id FROM trips WHERE score = -1") == STRANGE
    con.execute("DELETE FROM trips WHERE is_anomaly('fares', trips)")
    assert value(con, "SELECT count(*) FROM trips") == 500


@pytest.mark.parametrize("suffix", ["csv", "parquet", "json"])
def test_a_detection_is_copied_to_a_file(con, tmp_path, suffix):
    copied = con.execute("COPY (FROM detect_anomalies('trips')) TO $file", {"file": f"{tmp_path}/found.{suffix}"})
    assert copied.fetchall() == [(501,)]
    columns = "id, anomaly_score, severity, is_anomaly"
    read = rows(con, f"SELECT {columns} FROM '{tmp_path}/found.{suffix}'")
    assert read == rows(con, f"SELECT {columns} FROM detect_anomalies('trips')")


def test_views_over_detections_and_scores_work_after_reopening_the_file(file):
    con = adsql.connect(file)
    con.execute("CREATE VIEW fitted AS FROM detect_anomalies('trips', 'mad', columns => ['fare', 'km'])")
    con.execute("CREATE VIEW saved AS FROM detect_anomalies('trips', model => 'fares')")
    con.execute("CREATE VIEW scored AS SELECT *, anomaly_score('fares', t) AS score FROM trips AS t")
    con.execute(
        "CREATE VIEW inner_cte AS WITH days AS (FROM trips WHERE kind = 'day') FROM detect_anomalies('FROM days')"
    )
    views = ["fitted", "saved", "scored", "inner_cte"]
    before = {view: rows(con, f"FROM {view}") for view in views}
    con.close()
    con = adsql.connect(file)
    assert {view: rows(con, f"FROM {view}") for view in views} == before
    assert rows(con, "SELECT id FROM fitted WHERE is_anomaly") == STRANGE
    con.execute("INSERT INTO trips (id, fare, km) VALUES (777, 5000, 1)")
    assert len(rows(con, "SELECT id FROM fitted WHERE is_anomaly")) == 2, "a view detects in the rows of today"
    con.close()


def test_a_view_over_a_model_follows_its_newest_version(con):
    con.execute("CREATE VIEW newest AS SELECT id, anomaly_score('fares', t) AS score FROM trips AS t")
    con.execute(
        "CREATE VIEW pinned AS SELECT id, anomaly_score FROM detect_anomalies('trips', model => 'fares', version => 1)"
    )
    first = rows(con, "FROM newest")
    assert rows(con, "FROM pinned") == first
    rows(con, "SELECT train_model('fares', 'trips', 'mad')")
    assert rows(con, "FROM pinned") == first
    assert rows(con, "FROM newest") != first
    rows(con, "SELECT drop_model('fares', 2)")
    assert rows(con, "FROM newest") == first


def test_values_are_bound_to_every_argument(kept):
    expected = rows(
        kept, "FROM detect_anomalies('trips', 'knn', ['fare', 'km'], 'kind', 0.05, '{\"n_neighbors\": 3}', 9)"
    )
    given = ["trips", "knn", ["fare", "km"], "kind", 0.05, '{"n_neighbors": 3}', 9]
    assert rows(kept, "FROM detect_anomalies(?, ?, ?, ?, ?, ?, ?)", given) == expected
    named = dict(zip(["s", "a", "c", "g", "o", "p", "r"], given, strict=True))
    by_name = (
        "FROM detect_anomalies($s, algorithm => $a, columns => $c, segment_by => $g, contamination => $o, "
        "params => $p, seed => $r)"
    )
    assert rows(kept, by_name, named) == expected
    assert rows(kept, by_name, {**named, "p": {"n_neighbors": 3}}) == expected


def test_values_are_bound_to_models_versions_and_features(con):
    assert value(con, "SELECT train_model(?, ?, ?).version", ["m", "trips", "mad"]) == 1
    found = rows(con, "SELECT id FROM detect_anomalies($s, model => $m, version => $v) WHERE is_anomaly AND id > $i",
                 {"s": "trips", "m": "fares", "v": 1, "i": 3})  # fmt: skip
    assert found == STRANGE
    assert rows(con, "SELECT id FROM trips AS t WHERE is_anomaly(?, t)", ["fares"]) == STRANGE
    features = rows(con, "SELECT fare, km, kind, started FROM trips WHERE id = 42")[0]
    by_value = value(con, "SELECT anomaly_score(?, ?, ?, ?, ?)", ["fares", *features])
    assert by_value == value(con, "SELECT anomaly_score('fares', t) FROM trips AS t WHERE id = 42")
    assert rows(con, "FROM model_info(?, version => ?)", ["fares", 1]) == rows(con, "FROM model_info('fares')")
    assert value(con, "SELECT drop_model(?, version => ?)", ["fares", 1]) == [1]


def test_prepared_statements_run_again_with_other_values(kept):
    rows(kept, "SELECT train_model('mad', 'trips', 'mad')")
    kept.execute("PREPARE detect AS SELECT count(*) FROM detect_anomalies($1)")
    assert [value(kept, f"EXECUTE detect('{s}')") for s in ("trips", "FROM trips LIMIT 90", "trips")] == [501, 90, 501]
    kept.execute("PREPARE score AS SELECT anomaly_score($1, t) FROM trips AS t WHERE id = $2")
    for model in ("fares", "mad", "fares"):
        expected = value(kept, f"SELECT anomaly_score('{model}', t) FROM trips AS t WHERE id = 7")
        assert value(kept, f"EXECUTE score('{model}', 7)") == expected
    with raises("ADSQL_UNKNOWN_MODEL", "'missing'"):
        rows(kept, "EXECUTE score('missing', 7)")
    assert value(kept, "EXECUTE score('mad', 7)") is not None


def test_a_prepared_statement_sees_the_newest_version_and_its_end(con):
    con.execute("PREPARE score AS SELECT anomaly_score('fares', t) FROM trips AS t WHERE id = 7")
    first = value(con, "EXECUTE score")
    rows(con, "SELECT train_model('fares', 'trips', 'mad')")
    assert value(con, "EXECUTE score") != first
    rows(con, "SELECT drop_model('fares')")
    with raises("ADSQL_UNKNOWN_MODEL", "'fares'"):
        value(con, "EXECUTE score")


def test_a_relation_is_lazy_and_may_run_twice(con):
    relation = con.sql("FROM detect_anomalies('trips')")
    first = relation.fetchall()
    assert relation.fetchall() == first
    con.execute("INSERT INTO trips (id, fare) VALUES (501, 3)")
    assert len(con.sql("FROM relation").fetchall()) == 502
    strange = con.sql("FROM detect_anomalies('trips')").filter("is_anomaly").order("id").project("id")
    assert strange.fetchall() == STRANGE


def test_results_leave_as_arrow_and_frames(kept):
    relation = kept.sql("SELECT id, anomaly_score, is_anomaly FROM detect_anomalies('trips')")
    table = relation.to_arrow_table()
    assert [str(kind) for kind in table.schema.types] == ["int32", "double", "bool"]
    assert list(relation.df()["is_anomaly"]) == table["is_anomaly"].to_pylist()
    assert relation.pl()["anomaly_score"].to_list() == table["anomaly_score"].to_pylist()


def test_explain_shows_a_plan_and_trains_nothing(con):
    for query in (
        "SELECT train_model('new', 'trips')",
        "FROM train_model('new', 'trips')",
        "SELECT drop_model('fares')",
    ):
        assert rows(con, f"EXPLAIN {query}")[0][0] == "physical_plan"
    assert "__adsql_anomaly_score" in rows(con, "EXPLAIN SELECT anomaly_score('fares', t) FROM trips AS t")[0][1]
    assert "adsql_model" in rows(con, "EXPLAIN FROM detect_anomalies('trips')")[0][1]
    assert rows(con, "SELECT name FROM models()") == [("fares",)]


def test_describe_binds_without_running(kept):
    described = rows(kept, "DESCRIBE FROM detect_anomalies('trips')")
    assert [row[0] for row in described][-3:] == RESULTS
    assert [row[0] for row in rows(kept, "DESCRIBE FROM train_model('new', 'trips')")][:2] == ["name", "version"]
    assert rows(kept, "SELECT name FROM models()") == [("fares",)]


def test_training_and_dropping_happen_once_a_statement_and_only_if_a_row_asks(con):
    trained = rows(con, "SELECT train_model('new', 'trips').version FROM range(3)")
    assert trained == [(1,)] * 3
    assert rows(con, "SELECT train_model('other', 'trips') WHERE false") == []
    assert rows(con, "SELECT drop_model('new') WHERE false") == []
    assert rows(con, "SELECT name, version FROM models()") == [("fares", 1), ("new", 1)]


@pytest.mark.parametrize(
    "query",
    [
        "FROM detect_anomalies('trips', model => 'forest')",
        "FROM detect_anomalies('trips', model => 'forest') WHERE is_anomaly AND severity > 0.5 AND anomaly_score > 0",
        "SELECT sum(severity) FROM detect_anomalies('trips', 'mad') WHERE is_anomaly OR anomaly_score > 0",
    ],
)
def test_a_filter_on_the_results_does_not_score_the_rows_again(con, monkeypatch, query):
    rows(con, "SELECT train_model('forest', 'trips', 'iforest')")
    scored, score = [], Segment.score

    def counted(segment, table):
        scored.append(segment)
        return score(segment, table)

    monkeypatch.setattr(Segment, "score", counted)
    rows(con, query)
    assert len(scored) == 1, "501 rows are one chunk"


def test_a_user_s_own_macros_may_call_the_functions(file):
    con = adsql.connect(file)
    con.execute("CREATE MACRO strange(tab) AS TABLE SELECT id FROM detect_anomalies(tab, 'mad') WHERE is_anomaly")
    con.execute("CREATE MACRO risk(a, b, c, d) AS severity('fares', a, b, c, d)")
    con.close()
    con = adsql.connect(file)
    assert rows(con, "FROM strange('trips')") == STRANGE
    assert rows(con, "SELECT risk(fare, km, kind, started) FROM trips") == rows(
        con, "SELECT severity('fares', t) FROM trips t"
    )
    con.close()


def test_the_source_may_be_computed_before_the_query_is_bound(con):
    con.execute("SET VARIABLE source = 'trips'")
    assert value(con, "SELECT count(*) FROM detect_anomalies(getvariable('source'))") == 501
    assert value(con, "SELECT count(*) FROM detect_anomalies('tri' || 'ps')") == 501


# Scalar macros hold a subquery, table macros run when the query is bound. Each pair: what DuckDB does not allow
# there, and what does the same.
LIMITS = [
    (
        "SELECT unnest(detect_anomalies('fares', t)) FROM trips AS t",
        "SELECT d.* FROM (SELECT detect_anomalies('fares', t) AS d FROM trips AS t)",
    ),
    (
        "SELECT anomaly_score('fares', t) AS s, s > 1 AS high FROM trips AS t",
        "SELECT s, s > 1 AS high FROM (SELECT anomaly_score('fares', t) AS s FROM trips AS t)",
    ),
    (
        "SELECT v.name, d.id FROM (VALUES ('trips')) AS v(name), LATERAL (FROM detect_anomalies(v.name)) AS d",
        "SELECT 'trips' AS name, id FROM detect_anomalies('trips')",
    ),
    (
        "FROM detect_anomalies('SELECT fare, km FROM detect_anomalies(''trips'')')",
        "WITH first AS (FROM detect_anomalies('trips')) FROM detect_anomalies('SELECT fare, km FROM first')",
    ),
]


@pytest.mark.parametrize(("refused", "instead"), LIMITS)
def test_what_duckdb_refuses_has_another_way(kept, refused, instead):
    with pytest.raises(duckdb.Error):
        rows(kept, refused)
    assert len(rows(kept, instead)) == 501
