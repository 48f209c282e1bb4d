"""What `adsql pg` says to those who install the extension."""

from __future__ import annotations

import shutil

from cli.program import adsql


def test_install_tells_the_folder_the_files_and_what_remains(postgres):
    pg_config = postgres.programs / "pg_config"
    told = adsql("pg", "install", "--pg-config", str(pg_config)).stderr
    folder = postgres.run("pg_config", "--sharedir").strip()
    major = postgres.run("pg_config", "--version").split()[1].split(".")[0]
    assert f"{folder}/extension" in told
    for expected in ("adsql.control", f"/etc/postgresql/{major}/main/environment", f"postgresql-{major}", "PATH ="):
        assert expected in told
    assert "VERSION" not in told


def test_a_server_without_plpython_is_refused_with_the_package_to_install(postgres, tmp_path):
    bare = tmp_path / "usr" / "lib" / "postgresql" / postgres.programs.parent.name / "bin"
    bare.mkdir(parents=True)
    shutil.copy(postgres.programs / "pg_config", bare / "pg_config")
    told = adsql("pg", "install", "--pg-config", str(bare / "pg_config"), code=5).stderr
    assert "[ADSQL_INCOMPLETE_INSTALLATION]" in told
    assert "postgresql-plpython3-" in told


def test_check_passes_where_all_is_well(postgres, database):
    told = adsql("pg", "check", postgres.dsn(dbname=database)).stderr
    assert told.count("ok: ") == 4
    assert "found the one anomaly" in told


def test_check_tells_what_is_missing_step_by_step(postgres, database):
    told = adsql("pg", "check", "host=127.0.0.1 port=1 user=adsql", code=5).stderr
    assert "no connection" in told
    assert "pg_hba.conf" in told
    with postgres.connect() as con:
        con.execute("CREATE DATABASE bare TEMPLATE template0")
        con.execute("CREATE ROLE stranger LOGIN")
    try:
        assert "CREATE EXTENSION adsql CASCADE" in adsql("pg", "check", postgres.dsn(dbname="bare"), code=5).stderr
        told = adsql("pg", "check", postgres.dsn("stranger", database), code=5).stderr
        assert "GRANT adsql_user TO stranger" in told
    finally:
        with postgres.connect() as con:
            con.execute("DROP ROLE stranger")
            con.execute("DROP DATABASE bare")
