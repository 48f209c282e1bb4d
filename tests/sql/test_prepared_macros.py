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
        databases = con.execute("SELECT database_name FROM duckdb_databases() WHERE NOT internal").fetchall()
        assert databases == [("memory",)]
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
    assert not folder.exists()


@pytest.fixture
def written(folder):
    """Return the file, written by an earlier database."""
    adsql.connect().close()
    return folder / files(folder)[0]


def foreign(path):
    """Write a database of other content."""
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE TABLE secret AS SELECT 1 AS x; CREATE MACRO models() AS 'foreign'")


@pytest.mark.parametrize(
    "content", [b"", b"no database", bytes(100_000), None], ids=["empty", "text", "zeros", "other"]
)
def test_a_damaged_file_is_written_anew(content, made, written):
    whole = written.stat().st_size
    if content is None:
        foreign(written)
    else:
        written.write_bytes(content)
    for _ in range(2):
        with adsql.connect() as con:
            assert con.execute(EVERY).fetchall() == made
            assert con.execute("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'main'").fetchall() == [(0,)]
    assert written.stat().st_size == whole


def of_another_user(path, monkeypatch):
    monkeypatch.setattr(prepared_macros, "owners", lambda: ())


def writable_for_others(path, monkeypatch):
    path.chmod(0o666)


def in_a_folder_for_others(path, monkeypatch):
    path.parent.chmod(0o777)


def a_link(path, monkeypatch):
    elsewhere = path.with_name("elsewhere.duckdb")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


@pytest.mark.parametrize("spoil", [of_another_user, writable_for_others, in_a_folder_for_others, a_link])
def test_a_file_that_others_may_have_written_is_left_alone(spoil, made, written, monkeypatch):
    with duckdb.connect(str(written)) as con:
        con.execute("CREATE OR REPLACE MACRO main.models() AS TABLE SELECT 'foreign'")
    spoil(written, monkeypatch)
    with adsql.connect() as con:
        assert con.execute(EVERY).fetchall() == made
    with duckdb.connect(str(written), read_only=True) as con:
        assert con.execute("FROM models()").fetchall() == [("foreign",)]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"XDG_CACHE_HOME": "/cache", "HOME": "/home/ann"}, ["/cache/adsql"]),
        ({"XDG_CACHE_HOME": "cache", "HOME": "/home/ann"}, ["/home/ann/.cache/adsql"]),
        ({"HOME": "/home/ann"}, ["/home/ann/.cache/adsql"]),
        ({}, []),
    ],
    ids=["named", "relative", "home", "neither"],
)
def test_the_file_lies_beside_the_module_or_in_the_users_cache(environment, expected, monkeypatch):
    for name in ("XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    first, *others = prepared_macros.folders()
    assert (first.name, [str(folder) for folder in others]) == ("__pycache__", expected)


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
