"""An older extension becomes the current one, with its models and the views that use it."""

from __future__ import annotations

import itertools
from importlib.metadata import version

import pytest

from adsql import migrations
from adsql_udfs.postgres.extension import RELEASES, extension_files, functions
from postgres.support import raises, rows, value

CURRENT = version("adsql")
EVERY = [migration.sql for migration in migrations.migrations("postgres")]
_numbers = itertools.count(1)
# Everything that makes up the schema.
CATALOGS = {
    "relations": "SELECT relname, relkind, relacl::text, relrowsecurity FROM pg_class WHERE relnamespace = 'adsql'::regnamespace",
    "columns": "SELECT attrelid::regclass::text, attname, atttypid::regtype::text, attnotnull FROM pg_attribute "
    "JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'adsql'::regnamespace AND attnum > 0",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace = 'adsql'::regnamespace",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'adsql'",
    "policies": "SELECT tablename, policyname, cmd, qual, with_check FROM pg_policies WHERE schemaname = 'adsql'",
    "functions": "SELECT oid::regprocedure::text, prosrc, provolatile, proparallel, prosecdef, proconfig::text, proacl::text, "
    "prorettype::regtype::text FROM pg_proc WHERE pronamespace = 'adsql'::regnamespace",
    "types": "SELECT typname, typtype FROM pg_type WHERE typnamespace = 'adsql'::regnamespace AND typtype <> 'b'",
    "dumped": "SELECT array_agg(c::regclass::text ORDER BY c::regclass::text) FROM pg_extension, unnest(extconfig) AS c "
    "WHERE extname = 'adsql'",
    "members": "SELECT count(*) FROM pg_depend WHERE refobjid = (SELECT oid FROM pg_extension WHERE extname = 'adsql') "
    "AND deptype = 'e'",
}


def schema(con):
    return {name: sorted(rows(con, query), key=str) for name, query in CATALOGS.items()}


@pytest.fixture(params=["with fewer tables", "with other functions"])
def older(request, postgres):
    """A database with an older version of the extension and a model in it, and the files to upgrade it."""
    folder = postgres.programs.parents[3] / "share" / "postgresql" / postgres.programs.parent.name / "extension"
    old = f"0.0.{next(_numbers)}"
    had = 1 if request.param == "with fewer tables" else len(EVERY)
    parts = [] if had == 1 else [functions().replace("SELECT * FROM adsql.__train", "SELECT *  FROM adsql.__train")]
    files = extension_files({old: had})
    files[f"adsql--{old}.sql"] = "\n".join([*EVERY[:had], *parts])
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    name = f"upgraded_{old.replace('.', '_')}"
    postgres.database(name, "template0")
    with postgres.connect() as current, postgres.connect(dbname=name) as con:
        current.execute("CREATE TABLE points AS SELECT i % 13 AS x FROM generate_series(1, 100) AS i")
        current.execute("SELECT train_model('m', 'points', algorithm => 'mad')")
        con.execute(f"CREATE EXTENSION adsql VERSION '{old}' CASCADE")
        columns = [column.name for column in current.execute("SELECT * FROM adsql.models").description]
        saved = current.execute("SELECT * FROM adsql.models WHERE name = 'm'").fetchone()
        marks = ", ".join(["%s"] * len(columns))
        con.execute(f"INSERT INTO adsql.models ({', '.join(columns)}) VALUES ({marks})", saved)
        con.execute("CREATE TABLE points AS SELECT i % 13 AS x FROM generate_series(1, 100) AS i")
        current.execute("DROP TABLE points; SELECT drop_model('m')")
    yield name
    with postgres.connect() as con:
        con.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_an_upgraded_schema_equals_a_fresh_one(postgres, older):
    with postgres.connect(dbname=older) as con, postgres.connect() as fresh:
        con.execute("ALTER EXTENSION adsql UPDATE")
        assert value(con, "SELECT extversion FROM pg_extension WHERE extname = 'adsql'") == CURRENT
        found, expected = schema(con), schema(fresh)
        assert expected["functions"]
        for name in CATALOGS:
            assert found[name] == expected[name], name


def test_models_are_used_after_an_upgrade(postgres, older):
    with postgres.connect(dbname=older) as con:
        con.execute("ALTER EXTENSION adsql UPDATE")
    with postgres.connect(dbname=older) as con:
        assert value(con, "SELECT count(anomaly_score('m', t)) FROM points AS t") == 100
        assert value(con, "SELECT (train_model('m', 'points', algorithm => 'iqr')).version") == 2


def test_an_extension_of_another_version_than_the_package_is_told_at_the_first_call(postgres):
    postgres.database("mismatched", "template0")
    try:
        with postgres.connect(dbname="mismatched") as con:
            con.execute("CREATE EXTENSION adsql CASCADE")
            con.execute("UPDATE pg_extension SET extversion = '0.0.0' WHERE extname = 'adsql'")
            for call in ("detectors()", "detect_anomalies('pg_class')"):
                with raises(
                    "ADSQL_VERSION_MISMATCH", "0.0.0", CURRENT, "ALTER EXTENSION adsql UPDATE", sqlstate="55000"
                ):
                    con.execute(f"SELECT * FROM adsql.{call}")
    finally:
        with postgres.connect() as con:
            con.execute("DROP DATABASE mismatched WITH (FORCE)")


def test_there_is_an_upgrade_from_every_release():
    files = extension_files()
    assert {f"adsql--{old}--{CURRENT}.sql" for old in RELEASES} == set(files) - {
        "adsql.control",
        f"adsql--{CURRENT}.sql",
    }


def test_an_upgrade_has_what_is_new_and_all_functions():
    script = extension_files({"0.0.1": 1})[f"adsql--0.0.1--{CURRENT}.sql"]
    assert EVERY[0] not in script
    assert all(migration in script for migration in EVERY[1:])
    assert functions() in script
