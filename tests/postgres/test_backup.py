"""A copy of a PostgreSQL database: whole while others write, and put back whole or not at all."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from sqlalchemy import text

from tests.cli.conftest import Vfm
from tests.people import Council
from tests.postgres.server import Server
from tests.store.schema import GUARDED, busy, described
from vfm_workflow.journeys import people
from vfm_workflow.store import dump, projects
from vfm_workflow.store.engine import Database, versions
from vfm_workflow.store.tables import metadata

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]


@pytest.fixture
def vfm(council: Council) -> Vfm:
    """The command line on this council's database."""
    return Vfm({"VFM_DATA": str(council.app.loaded.data), "VFM_DATABASE_URL": council.app.database.url})


@pytest.fixture
def empty(server: Server) -> Iterator[str]:
    """A database without tables."""
    url = server.empty()
    yield url
    server.drop(url)


def rows(url: str) -> dict[str, list[Any]]:
    """Return every row of every table of ours."""
    database = Database(url)
    with database.engine.connect() as connection:
        found = {
            name: sorted(map(repr, connection.execute(table.select()).all()))
            for name, table in metadata.tables.items()
        }
    database.close()
    return found


def at(vfm: Vfm, url: str) -> Vfm:
    """Return the command line on another database."""
    return Vfm({**vfm.env, "VFM_DATABASE_URL": url})


def copy_of(vfm: Vfm, tmp_path: Path) -> Path:
    file = tmp_path / "copy.vfm"
    vfm.run("db", "backup", file)
    return file


def test_what_comes_back_has_the_same_heads_rows_and_guards(
    vfm: Vfm, council: Council, empty: str, tmp_path: Path
) -> None:
    reference = busy(council)
    said = vfm.json("db", "backup", tmp_path / "copy.vfm")
    assert said["projects"] == 1
    assert said["history_rows"] == council.project(reference).revision
    assert said["version"] == versions()[-1]

    restored = at(vfm, empty)
    assert restored.json("db", "restore", tmp_path / "copy.vfm")["kept"] is None
    assert rows(empty) == rows(council.app.database.url)
    for command_ in (("project", "show", reference), ("project", "list"), ("mail", "list")):
        assert restored.json(*command_) == vfm.json(*command_)
    assert restored.json("audit", "verify")["whole"] is True
    database = Database(empty)
    assert described(database.engine) == described(council.app.database.engine)
    with database.engine.connect() as connection:
        for table in GUARDED:
            with pytest.raises(Exception, match="append-only"), connection.begin():
                connection.execute(text(f"DELETE FROM {table}"))
    database.close()


def test_life_goes_on_in_what_was_restored(vfm: Vfm, council: Council, tmp_path: Path) -> None:
    """New rows are numbered on, and mail is called for."""
    reference = busy(council)
    file = copy_of(vfm, tmp_path)
    council.app.database.close()
    vfm.run("db", "restore", file, "--replace")
    assert council.create("Another") != reference
    council.outline_ready("VFM-0002")
    council.do("VFM-0002", "submit_outline")
    with council.app.read() as session:
        assert session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == 1
    assert council.app.deliver(council.at).sent == 5


def test_a_copy_is_of_one_moment_while_others_write(vfm: Vfm, council: Council, tmp_path: Path) -> None:
    council.create("Waste rounds")
    with council.app.write() as session:
        session.execute(text("UPDATE project SET title = 'half done'"))
        file = copy_of(vfm, tmp_path)
    with zipfile.ZipFile(file) as archive:
        assert b"Waste rounds" in archive.read("project")
        assert b"half done" not in archive.read("project")


def test_a_database_in_place_is_left_alone_unless_told_and_then_kept(
    vfm: Vfm, council: Council, tmp_path: Path
) -> None:
    council.create("Waste rounds")
    file = copy_of(vfm, tmp_path)
    council.do("VFM-0001", "withdraw", "head", reason="A mistake")
    withdrawn = vfm.json("project", "show", "VFM-0001")
    council.app.database.close()
    assert "--replace" in vfm.json("db", "restore", file, code=1)["message"]

    kept = vfm.json("db", "restore", file, "--replace")["kept"]
    assert vfm.json("project", "show", "VFM-0001")["stage"] == "outline"
    vfm.run("db", "restore", kept, "--replace")
    assert vfm.json("project", "show", "VFM-0001") == withdrawn


def test_whoever_owns_the_database_may_restore_without_being_a_superuser(
    vfm: Vfm, council: Council, server: Server, tmp_path: Path
) -> None:
    busy(council)
    file = copy_of(vfm, tmp_path)
    with server.owned() as url:
        plain = at(vfm, url)
        plain.run("db", "restore", file)
        plain.run("db", "restore", file, "--replace")
        assert plain.json("audit", "verify")["whole"] is True
        assert rows(url) == rows(council.app.database.url)


def test_a_restore_waits_for_nobody_and_says_so(
    vfm: Vfm, council: Council, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vfm_workflow.store.backup.postgres.BUSY_SECONDS", 1)
    council.create("Waste rounds")
    file = copy_of(vfm, tmp_path)
    with council.app.write() as session:
        session.execute(text("UPDATE project SET title = 'half done'"))
        refused = vfm.run("db", "restore", file, "--replace", code=1)
    assert "Stop every process" in refused.stderr
    assert council.project("VFM-0001").title == "half done"


def test_an_older_copy_is_restored_as_it_was_and_then_brought_up(
    vfm: Vfm, server: Server, empty: str, tmp_path: Path
) -> None:
    old = server.empty()
    database = Database(old)
    command.upgrade(database._alembic(), "0004")
    with database.engine.begin() as connection:
        connection.execute(text("INSERT INTO department (code, name) VALUES ('SS', 'Street Scene')"))
    database.close()
    assert at(vfm, old).json("db", "backup", tmp_path / "old.vfm")["version"] == "0004"
    server.drop(old)

    new = at(vfm, empty)
    assert "vfm db upgrade" in new.run("db", "restore", tmp_path / "old.vfm").stderr
    assert new.json("project", "list", code=1)["error"] == "database_behind"
    new.run("db", "upgrade")
    assert new.json("project", "list") == []


@pytest.mark.parametrize("spoiled", ["cut", "text", "rows", "newer", "sqlite"])
def test_a_file_that_is_no_whole_copy_changes_nothing(
    vfm: Vfm, council: Council, tmp_path: Path, empty_database: Path, spoiled: str
) -> None:
    council.create("Waste rounds")
    bad = copy_of(vfm, tmp_path)
    if spoiled == "cut":
        bad.write_bytes(bad.read_bytes()[:-200])
    elif spoiled == "text":
        bad.write_text("no copy")
    elif spoiled == "sqlite":
        bad = tmp_path / "a.sqlite3"
        shutil.copy(empty_database, bad)
    else:
        _rewrite(bad, spoiled)
    before = rows(council.app.database.url)
    council.app.database.close()
    refused = vfm.run("db", "restore", bad, "--replace", code=1)
    assert bad.name in refused.stderr
    assert rows(council.app.database.url) == before
    assert list(council.app.loaded.data.glob("*before-restore*")) == []


def _rewrite(file: Path, what: str) -> None:
    """Change a row without its digest, or claim a version of the future."""
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    if what == "rows":
        parts["project"] = parts["project"].replace(b"Waste rounds", b"Waste pounds")
    else:
        parts["manifest.json"] = json.dumps(
            {**json.loads(parts["manifest.json"]), "version": "9999"}
        ).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def test_a_copy_with_a_row_that_points_at_nothing_is_refused_whole(
    vfm: Vfm, council: Council, empty: str, tmp_path: Path
) -> None:
    council.create("Waste rounds")
    with council.app.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE project DROP CONSTRAINT fk_project_manager_id"))
        connection.execute(text("UPDATE project SET manager_id = 999"))
    file = copy_of(vfm, tmp_path)
    assert "cannot be loaded" in at(vfm, empty).run("db", "restore", file, code=1).stderr
    with psycopg.connect(empty.replace("+psycopg", ""), autocommit=True) as connection:
        assert connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone() == (0,)


def test_somebody_elses_tables_are_not_dropped(vfm: Vfm, empty: str, tmp_path: Path) -> None:
    file = copy_of(vfm, tmp_path)
    with psycopg.connect(empty.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE VIEW shopping AS SELECT 1")
    assert "shopping" in at(vfm, empty).run("db", "restore", file, "--replace", code=1).stderr


def test_a_backup_overwrites_nothing_and_needs_a_database(vfm: Vfm, empty: str, tmp_path: Path) -> None:
    file = copy_of(vfm, tmp_path)
    before = file.read_bytes()
    assert "is there already" in vfm.run("db", "backup", file, code=1).stderr
    assert file.read_bytes() == before
    assert "no tables of this program" in at(vfm, empty).run("db", "backup", tmp_path / "x", code=1).stderr
    assert not (tmp_path / "x").exists()


def test_an_export_reads_one_moment_while_others_write(council: Council) -> None:
    council.create()
    with council.app.read() as session:
        dump.one_moment(session)
        before = len(projects.department_names(session))
        with council.app.write() as other:
            people.add_department(other, code="ZZ", name="A newer department")
        assert len(projects.department_names(session)) == before
    with council.app.read() as session:
        assert len(projects.department_names(session)) == before + 1
