"""Arguments: their order and names, their forms, and names that also are columns of the user's table."""

from __future__ import annotations

import pytest

from sql.support import RESULTS, rows, saved_model, value

POSITIONAL = ["'trips'", "'knn'", "['fare', 'km']", "'kind'", "0.1", "'{\"n_neighbors\": 3}'", "7"]
NAMES = ["source", "algorithm", "columns", "segment_by", "contamination", "params", "seed"]


@pytest.mark.parametrize("count", range(1, len(POSITIONAL) + 1))
def test_arguments_of_fit_model_by_position_are_those_by_name(kept, count):
    given, names = POSITIONAL[:count], NAMES[:count]
    by_name = ", ".join([given[0], *(f"{name} => {text}" for name, text in zip(names[1:], given[1:], strict=True))])
    by_position = ", ".join(given)
    hashes = "SELECT content_hash FROM fit_model('m', {})"
    assert rows(kept, hashes.format(by_position)) == rows(kept, hashes.format(by_name))


def test_every_option_reaches_the_model(kept):
    rows(kept, f"SELECT train_model('m', {', '.join(POSITIONAL)})")
    model = saved_model(kept, "m")
    assert (model.algorithm, model.params["n_neighbors"], model.seed) == ("knn", 3, 7)
    assert model.segment_by == ("kind",)
    assert model.positional_columns == ("kind", "fare", "km")
    assert (model.policy.policy.value, model.policy.value) == ("contamination", 0.1)


def test_the_old_form_of_naming_arguments_works_too(kept):
    new = rows(kept, "FROM detect_anomalies('trips', algorithm => 'mad', seed => 1)")
    assert rows(kept, "FROM detect_anomalies('trips', algorithm := 'mad', seed := 1)") == new
    assert rows(kept, "FROM detect_anomalies('trips', ALGORITHM => 'mad', Seed => 1)") == new


def test_null_is_the_same_as_leaving_an_argument_out(kept):
    nulls = ", ".join(f"{name} => NULL" for name in [*NAMES[1:], "model", "version", "threshold", "alert_budget"])
    assert rows(kept, f"FROM detect_anomalies('trips', {nulls})") == rows(kept, "FROM detect_anomalies('trips')")
    saved = rows(kept, "FROM detect_anomalies('trips', model => 'fares')")
    others = nulls.replace("model => NULL", "model => 'fares'")
    assert rows(kept, f"FROM detect_anomalies('trips', {others})") == saved
    assert rows(kept, "FROM model_info('fares', version => NULL)") == rows(kept, "FROM model_info('fares')")


@pytest.mark.parametrize(
    "params",
    [
        '\'{"n_neighbors": 3, "method": "mean"}\'',
        '\' { "method" : "mean", "n_neighbors" : 3.0 } \'',
        '\'{"n_neighbors": 3, "method": "mean"}\'::JSON',
        "{'n_neighbors': 3, 'method': 'mean'}",
        "{'method': 'mean', 'n_neighbors': 3.0}",
        "struct_pack(n_neighbors := 3::TINYINT, method := 'mean')",
    ],
)
def test_params_are_json_text_or_a_struct(kept, params):
    rows(kept, f"SELECT train_model('m', 'trips', 'knn', params => {params})")
    given = saved_model(kept, "m").params
    assert (given["n_neighbors"], given["method"], given["reference_size"]) == (3, "mean", 10_000)


@pytest.mark.parametrize("columns", ["'fare'", "['fare']", "['FARE']", "['fare', 'fare']", "list_value('fare')"])
def test_columns_are_one_name_or_a_list_in_any_case(kept, columns):
    rows(kept, f"SELECT train_model('m', 'trips', columns => {columns})")
    assert saved_model(kept, "m").positional_columns == ("fare",)


def test_columns_asked_for_are_used_even_if_they_look_like_keys(kept):
    rows(kept, "SELECT train_model('m', 'trips', columns => ['km', 'id'])")
    assert saved_model(kept, "m").positional_columns == ("km", "id"), (
        "by position, they are passed in the order asked for"
    )


@pytest.mark.parametrize(
    ("segment_by", "segments"),
    [("'kind'", 3), ("['kind']", 3), ("['KIND']", 3), ("[]", 1), ("['kind', 'early']", 6), ("['early']", 2)],
)
def test_segments_are_the_values_of_one_column_or_a_list(con, segment_by, segments):
    con.execute("CREATE VIEW early AS SELECT *, id < 250 AS early FROM trips WHERE id < 500")
    found = f"FROM fit_model('m', 'early', 'mad', columns => 'fare', segment_by => {segment_by})"
    assert value(con, f"SELECT n_segments {found}") == segments


@pytest.mark.parametrize(
    ("option", "flagged"),
    [("alert_budget => 1e0", 1), ("contamination => 0.1::FLOAT", 50), ("contamination => 0.1::DECIMAL(9, 4)", 50)],
)  # fmt: skip
def test_numbers_of_any_type_say_how_many_are_anomalies(kept, option, flagged):
    assert value(kept, f"SELECT count(*) FROM detect_anomalies('trips', {option}) WHERE is_anomaly") == flagged


USER_TABLE = """
CREATE TABLE odd AS
SELECT
    'a name' AS name, 7 AS version, 'fares' AS model, fare AS x1, km AS x2, 'no source' AS source, 'mad' AS algorithm,
    1 AS content_hash, 2 AS state, 3 AS saved, 4 AS models, 5 AS handle, 6 AS adsql_name, 8 AS adsql_version,
    9 AS adsql_hash, 10 AS adsql_state, id, fare, km, kind, started
FROM trips
"""


def test_columns_of_the_user_s_table_are_never_mistaken_for_the_functions_own(con):
    con.execute(USER_TABLE)
    usual = rows(con, "SELECT anomaly_score('fares', t), severity('fares', t) FROM trips AS t")
    for model in ("'fares'", "model", "o.model"):
        by_row = f"SELECT anomaly_score({model}, o), severity({model}, o) FROM odd AS o"
        assert rows(con, by_row) == usual
        by_column = "{0}({1}, fare, km, kind, started)"
        both = ", ".join(by_column.format(name, model) for name in ("anomaly_score", "severity"))
        assert rows(con, f"SELECT {both} FROM odd AS o") == usual
        assert rows(con, f"SELECT anomaly_score({model}, x1, x2, kind, started) FROM odd AS o") == [
            row[:1] for row in usual
        ]
    assert rows(con, "SELECT anomaly_score FROM detect_anomalies('odd', model => 'fares')") == [
        row[:1] for row in usual
    ]


def test_a_table_may_be_called_as_anything_inside_the_functions(con):
    usual = rows(con, "SELECT anomaly_score('fares', t) FROM trips AS t")
    for name in ("saved", "models", "adsql", "adsql_source", "adsql_model", "model", "version", "handle", "x1"):
        assert rows(con, f"SELECT anomaly_score('fares', {name}) FROM trips AS {name}") == usual
        con.execute(f"CREATE OR REPLACE TABLE {name} AS FROM trips")
        assert rows(con, f"SELECT anomaly_score FROM detect_anomalies('{name}', model => 'fares')") == usual


def test_columns_of_training_may_be_called_as_anything_inside_the_functions(con):
    names = [
        "handle",
        "groups",
        "rows",
        "n",
        "key",
        "record",
        "name",
        "version",
        "adsql_row",
        "adsql_hash",
        "adsql_model",
    ]
    taken = ", ".join(f"(hash(i + {offset}) % 100)::DOUBLE AS {name}" for offset, name in enumerate(names))
    con.execute(f"CREATE TABLE taken AS SELECT {taken} FROM range(300) AS r(i)")
    assert con.sql("FROM detect_anomalies('taken')").columns == [*names, *RESULTS]
    rows(con, "SELECT train_model('taken', 'taken')")
    assert saved_model(con, "taken").positional_columns == tuple(names)
    assert len(rows(con, "SELECT is_anomaly('taken', taken) FROM taken")) == 300


def test_each_row_may_name_its_own_model_by_position_too(con):
    rows(con, "SELECT train_model('mad', 'trips', 'mad')")
    con.execute("CREATE VIEW each AS SELECT if(id % 2 = 0, 'mad', 'fares') AS model, * FROM trips")
    even, odd = (
        f"SELECT anomaly_score('{name}', t) FROM trips AS t WHERE id % 2 = {rest}"
        for name, rest in (("mad", 0), ("fares", 1))
    )
    scored = "SELECT id, anomaly_score(x.model, fare, km, kind, started) FROM each AS x ORDER BY id"
    found = [score for _, score in rows(con, scored)]
    assert found[::2] == [score for (score,) in rows(con, even)]
    assert found[1::2] == [score for (score,) in rows(con, odd)]


def test_all_models_score_a_table_in_one_query(kept):
    rows(kept, "SELECT train_model('mad', 'trips', 'mad')")
    found = rows(kept, "SELECT name, max(severity(name, t)) FROM models(), trips AS t GROUP BY name ORDER BY name")
    assert found == [
        (name, value(kept, f"SELECT max(severity('{name}', t)) FROM trips AS t")) for name in ("fares", "mad")
    ]


def test_models_of_up_to_32_features_take_them_by_position(con):
    features = ", ".join(f"(hash(i * 100 + {n}) % 1000)::DOUBLE AS f{n}" for n in range(32))
    con.execute(f"CREATE TABLE wide AS SELECT {features} FROM range(200) AS r(i)")
    rows(con, "SELECT train_model('wide', 'wide')")
    names = ", ".join(f"f{n}" for n in range(32))
    by_position = rows(con, f"SELECT anomaly_score('wide', {names}) FROM wide")
    assert by_position == rows(con, "SELECT anomaly_score('wide', wide) FROM wide")
