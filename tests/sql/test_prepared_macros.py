"""A new database gets the macros out of a file, and has them without it."""

import threading

import duckdb
import pytest

import adsql
from adsql_udfs.duckdb import prepared_macros

EVERY = """
    SELECT schema_name, function_name, function_type, parameters, macro_definition, comment
    FROM duckdb_functions()
    WHERE database_name = current_database() AND NOT internal
    ORDER BY ALL
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return the folder where the file may lie, alone."""
    monkeypatch.setattr(prepared_macros, "folders", lambda: iter([tmp_path / "cache"]))
    return tmp_path / "cache"


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """Leave no folder that can be written."""
    (tmp_path / "file").touch()
    monkeypatch.setattr(prepared_macros, "folders", lambda: iter([tmp_path / "file" / "folder"]))


def files(folder):
    return [path.name for path in folder.iterdir()]


def scores(con):
    con.execute("CREATE TABLE t AS SELECT i / 10 AS x FROM range(100) AS r(i) UNION ALL SELECT 99.0")
    return con.execute("SELECT x FROM detect_anomalies('t') WHERE is_anomaly").fetchall()


@pytest.fixture
def made(nowhere):
    with adsql.connect() as con:
        return con.execute(EVERY).fetchall()


@pytest.mark.parametrize("existing", [False, True], ids=["first", "next"])
def test_copied_macros_are_those_that_are_made(existing, made, folder):
    if existing:
        adsql.connect().close()
    with adsql.connect() as con:
        assert con.execute(EVERY).fetchall() == made
        assert [
            name
            for (name,) in con.execute("SELECT database_name FROM duckdb_databases() WHERE NOT internal").fetchall()
        ] == ["memory"]
        assert scores(con) == [(99.0,)]
    assert len(files(folder)) == 1


@pytest.mark.usefixtures("folder")
def test_a_file_gets_them_and_keeps_them(tmp_path, made):
    for _ in range(2):
        with adsql.connect(tmp_path / "d.duckdb") as con:
            assert con.execute(EVERY).fetchall() == made


@pytest.mark.usefixtures("nowhere")
def test_they_are_made_where_no_file_can_be_written():
    with adsql.connect() as con:
        assert scores(con) == [(99.0,)]


def test_they_are_made_where_duckdb_may_open_no_file(folder):
    with adsql.connect(config={"enable_external_access": False}) as con:
        assert scores(con) == [(99.0,)]
    assert len(files(folder)) == 1


@pytest.mark.parametrize("content", [b"", b"no database", bytes(100_000)], ids=["empty", "text", "zeros"])
def test_a_damaged_file_is_written_anew(content, made, folder):
    adsql.connect().close()
    (name,) = files(folder)
    whole = (folder / name).stat().st_size
    (folder / name).write_bytes(content)
    for _ in range(2):
        with adsql.connect() as con:
            assert con.execute(EVERY).fetchall() == made
    assert (folder / name).stat().st_size == whole


def test_a_file_of_another_user_is_left_alone(made, folder, monkeypatch):
    adsql.connect().close()
    (name,) = files(folder)
    with duckdb.connect(str(folder / name)) as con:
        con.execute("CREATE OR REPLACE MACRO main.models() AS TABLE SELECT 'foreign'")
    monkeypatch.setattr(prepared_macros, "owners", lambda: ())
    with adsql.connect() as con:
        assert con.execute(EVERY).fetchall() == made


@pytest.mark.usefixtures("folder")
def test_a_macro_of_the_user_s_stays_theirs(tmp_path):
    path = str(tmp_path / "d.duckdb")
    with duckdb.connect(path) as con:
        con.execute("CREATE MACRO models() AS 3")
    with adsql.connect(path) as con:
        assert con.execute("SELECT models()").fetchall() == [(3,)]
        assert con.execute("SELECT count(*) FROM adsql.models()").fetchall() == [(0,)]
        with pytest.raises(duckdb.Error):
            con.execute("SELECT * FROM models()")


@pytest.mark.usefixtures("folder")
def test_many_databases_at_once_get_them(made):
    found = []

    def connect():
        with adsql.connect() as con:
            found.append(con.execute(EVERY).fetchall())

    threads = [threading.Thread(target=connect) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [made] * 8
