"""The database at the command line: its version, copies of it, and putting one back."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Vfm
from tests.people import Council
from vfm_workflow.store.engine import Database


@pytest.fixture
def target(council: Council) -> Path:
    """The council's database file, with one project in it."""
    council.create("Waste rounds")
    return council.app.loaded.data / "vfm.sqlite3"


def backup_of(vfm: Vfm, tmp_path: Path) -> Path:
    file = tmp_path / "copy.sqlite3"
    vfm.run("db", "backup", file)
    return file


def test_a_new_database_is_made_and_an_old_one_brought_up(vfm: Vfm, tmp_path: Path) -> None:
    vfm.env["VFM_DATA"] = str(tmp_path / "new" / "var")
    assert vfm.json("db", "upgrade")["current"] is True
    assert "is at this program's version" in vfm.run("db", "upgrade").stdout
    assert vfm.json("project", "list") == []


def test_a_database_that_is_behind_says_what_to_run(vfm: Vfm, target: Path) -> None:
    with closing(sqlite3.connect(target)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
    refused = vfm.run("project", "list", "--json", code=1)
    assert json.loads(refused.stdout)["error"] == "database_behind"
    assert "vfm db upgrade" in refused.stderr


def test_a_backup_is_whole_while_others_write(
    vfm: Vfm, council: Council, target: Path, tmp_path: Path
) -> None:
    with council.app.write() as session:
        session.connection().exec_driver_sql("UPDATE project SET title = 'half done'")
        said = vfm.json("db", "backup", tmp_path / "copy.sqlite3")
    assert said["projects"] == 1
    assert said["history_rows"] == 1
    assert said["size_bytes"] == (tmp_path / "copy.sqlite3").stat().st_size
    with closing(sqlite3.connect(tmp_path / "copy.sqlite3")) as database:
        assert database.execute("SELECT title FROM project").fetchone() == ("Waste rounds",)
        assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert sorted(path.name for path in tmp_path.iterdir() if "copy" in path.name) == ["copy.sqlite3"]


def test_a_backup_overwrites_nothing_and_needs_a_database(vfm: Vfm, target: Path, tmp_path: Path) -> None:
    file = backup_of(vfm, tmp_path)
    before = file.read_bytes()
    assert "is there already" in vfm.run("db", "backup", file, code=1).stderr
    assert file.read_bytes() == before
    vfm.env["VFM_DATA"] = str(tmp_path / "nothing")
    assert "There is no database" in vfm.run("db", "backup", tmp_path / "x", code=1).stderr
    assert not (tmp_path / "x").exists()


def test_a_backup_that_cannot_be_written_leaves_nothing(vfm: Vfm, target: Path, tmp_path: Path) -> None:
    assert "nowhere" in vfm.run("db", "backup", tmp_path / "nowhere" / "x", code=1).stderr


def test_what_is_restored_is_what_was_backed_up(
    vfm: Vfm, council: Council, target: Path, tmp_path: Path
) -> None:
    file = backup_of(vfm, tmp_path)
    before = vfm.json("project", "show", "VFM-0001")
    council.do("VFM-0001", "withdraw", "head", reason="A mistake")
    said = vfm.json("db", "restore", file, "--replace")
    assert vfm.json("project", "show", "VFM-0001") == before
    assert vfm.json("audit", "verify")["whole"] is True
    with closing(sqlite3.connect(said["kept"])) as kept:
        assert kept.execute("SELECT stage FROM project").fetchone() == ("withdrawn",)


def test_a_database_in_place_is_left_alone_unless_told(vfm: Vfm, target: Path, tmp_path: Path) -> None:
    file = backup_of(vfm, tmp_path)
    refused = vfm.json("db", "restore", file, code=1)
    assert "--replace" in refused["message"]
    assert "the database itself" in vfm.run("db", "restore", target, "--replace", code=1).stderr


def test_a_backup_goes_into_an_empty_place(vfm: Vfm, target: Path, tmp_path: Path) -> None:
    file = backup_of(vfm, tmp_path)
    vfm.env["VFM_DATA"] = str(tmp_path / "elsewhere")
    assert "1 projects" in vfm.run("db", "restore", file).stdout
    assert [entry["reference"] for entry in vfm.json("project", "list")] == ["VFM-0001"]


def test_a_damaged_database_is_put_aside_and_the_backup_takes_its_place(
    vfm: Vfm, council: Council, target: Path, tmp_path: Path
) -> None:
    file = backup_of(vfm, tmp_path)
    council.app.close()
    for ending in ("-wal", "-shm"):
        target.with_name(target.name + ending).unlink(missing_ok=True)
    target.write_bytes(b"this was a database once" * 400)
    said = vfm.json("db", "restore", file, "--replace")
    assert Path(said["kept"]).read_bytes().startswith(b"this was a database once")
    assert len(vfm.json("project", "list")) == 1


@pytest.mark.parametrize("spoiled", ["cut", "text", "other"])
def test_a_file_that_is_no_whole_backup_changes_nothing(
    vfm: Vfm, target: Path, tmp_path: Path, spoiled: str
) -> None:
    good, bad = backup_of(vfm, tmp_path), tmp_path / "bad.sqlite3"
    if spoiled == "cut":
        bad.write_bytes(good.read_bytes()[:40_000])
    elif spoiled == "text":
        bad.write_text("not a database")
    else:
        with closing(sqlite3.connect(bad)) as database, database:
            database.execute("CREATE TABLE shopping (item TEXT)")
    refused = vfm.run("db", "restore", bad, "--replace", code=1)
    assert "bad.sqlite3" in refused.stderr
    assert "Nothing was changed" in refused.stderr
    assert len(vfm.json("project", "list")) == 1
    assert list(target.parent.glob("*before-restore*")) == []


def test_a_backup_with_rows_that_point_at_nothing_is_refused(vfm: Vfm, target: Path, tmp_path: Path) -> None:
    file = backup_of(vfm, tmp_path)
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE project SET manager_id = 999")
    assert "points at nothing" in vfm.run("db", "restore", file, "--replace", code=1).stderr


def test_a_backup_of_a_newer_program_is_refused_and_of_an_older_one_restored(
    vfm: Vfm, target: Path, tmp_path: Path
) -> None:
    file = backup_of(vfm, tmp_path)

    def version(name: str) -> None:
        with closing(sqlite3.connect(file)) as database, database:
            database.execute("UPDATE alembic_version SET version_num = ?", (name,))

    version("9999")
    refused = vfm.json("db", "restore", file, "--replace", code=1)
    assert refused["error"] == "database_behind"
    assert "9999" in refused["message"]
    version("0001")
    assert "vfm db upgrade" in vfm.run("db", "restore", file, "--replace").stderr


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("postgresql+psycopg://vfm@127.0.0.1:1/vfm", "does not answer"),
        ("mysql://vfm@db/vfm", "the kind `mysql` is not known"),
        ("nonsense", "no database URL"),
        ("sqlite://", "in memory"),
    ],
)
def test_what_cannot_be_copied_says_why(vfm: Vfm, tmp_path: Path, url: str, advice: str) -> None:
    vfm.env["VFM_DATABASE_URL"] = url
    assert advice in vfm.run("db", "backup", tmp_path / "x", code=1).stderr


def test_a_copy_of_sqlite_does_not_go_into_postgresql(vfm: Vfm, target: Path, tmp_path: Path) -> None:
    file = backup_of(vfm, tmp_path)
    vfm.env["VFM_DATABASE_URL"] = "postgresql+psycopg://vfm@db/vfm"
    assert "no copy of a PostgreSQL database" in vfm.run("db", "restore", file, code=1).stderr


def test_a_restored_database_is_the_programs_version(vfm: Vfm, target: Path, tmp_path: Path) -> None:
    file = backup_of(vfm, tmp_path)
    database = Database(f"sqlite:///{file}")
    database.check()
    database.close()
