"""A database is opened by its URL: one kind or the other; one that is behind is refused with what to do."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlmodel import col

from tests.people import Council
from vfm_workflow.errors import ConfigError, DatabaseBehind, DatabaseBusy
from vfm_workflow.store import engine
from vfm_workflow.store.engine import Database
from vfm_workflow.store.tables import Department, Person


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://vfm@db/vfm", "the kind `mysql` is not known"),
        ("postgresql://vfm@db/vfm", "the kind `postgresql` is not known"),
        ("sqlite+aiosqlite:///vfm.sqlite3", "not known"),
        ("vfm.sqlite3", "it is no database URL"),
        ("", "it is no database URL"),
    ],
)
def test_an_unknown_kind_of_database_is_refused_with_what_is_accepted(url: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        Database(url)
    (problem,) = refused.value.problems
    assert problem.file == "VFM_DATABASE_URL"
    assert "sqlite:///path/to/file.sqlite3 or postgresql+psycopg://" in problem.remedy


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        Database("mysql://vfm:hunter2@db/vfm")
    assert "hunter2" not in str(refused.value)


def test_an_empty_database_is_behind(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    with pytest.raises(
        DatabaseBehind, match=r"at version none and this program needs .*Run `vfm db upgrade`"
    ):
        database.check()
    database.close()


def version(council: Council, number: str) -> None:
    with council.app.database.engine.connect() as connection, connection.begin():
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{number}'"))


def test_an_old_database_is_refused_with_the_remedy(council: Council) -> None:
    version(council, "0001")
    with pytest.raises(DatabaseBehind, match=r"at version 0001 .*Run `vfm db upgrade`") as refused:
        council.app.database.check()
    assert refused.value.status == 503


def test_a_database_of_a_newer_program_is_not_told_to_upgrade(council: Council) -> None:
    version(council, "9999")
    with pytest.raises(DatabaseBehind, match=r"9999.*a newer version of the program") as refused:
        council.app.database.check()
    assert "vfm db upgrade" not in str(refused.value)


def test_a_write_is_kept_as_a_whole_or_not_at_all(council: Council) -> None:
    def fail_halfway() -> None:
        with council.app.write() as session:
            session.add(Department(code="LC", name="Leisure"))
            session.flush()
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="disk"):
        fail_halfway()
    with council.app.read() as session:
        assert session.get(Department, "LC") is None


def test_what_a_reader_writes_is_not_kept(council: Council) -> None:
    with council.app.read() as session:
        session.add(Department(code="LC", name="Leisure"))
        session.flush()
    with council.app.read() as session:
        assert session.get(Department, "LC") is None


def test_a_reader_does_not_wait_for_a_writer(council: Council) -> None:
    with council.app.write() as writer:
        writer.add(Department(code="LC", name="Leisure"))
        writer.flush()
        with council.app.read() as reader:
            assert reader.get(Department, "LC") is None
            assert reader.get(Department, "SS") is not None


def test_a_second_writer_waits_its_time_and_then_is_refused(
    council: Council, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0)
    impatient = Database(council.app.database.url)
    with council.app.write() as writer:
        writer.add(Department(code="LC", name="Leisure"))
        writer.flush()
        with pytest.raises(DatabaseBusy, match="try again in a minute"):
            leisure(impatient)
    leisure(impatient, "LD")
    impatient.close()
    with council.app.read() as session:
        assert session.get(Department, "LC") is not None


def leisure(database: Database, code: str = "LC", head_id: int | None = None) -> None:
    with database.write() as session:
        session.add(Department(code=code, name=f"Leisure {code}", head_id=head_id))


def test_a_moment_comes_back_as_it_was_and_a_naive_one_is_refused(council: Council) -> None:
    with council.app.read() as session:
        person = session.scalars(select(Person).where(col(Person.role) == "administrator")).one()
        assert person.joined_at == council.at
        assert person.joined_at.tzinfo is dt.UTC
    with pytest.raises(StatementError, match="a moment needs its time zone"):
        join(council, dt.datetime(2026, 3, 2))  # noqa: DTZ001  # what the test is about


def join(council: Council, at: dt.datetime) -> None:
    with council.app.write() as session:
        session.add(Person(address="a@b.example", name="A", role="mentor", joined_at=at))


def test_a_row_that_points_nowhere_is_refused(council: Council) -> None:
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        leisure(council.app.database, head_id=999)


def test_a_folder_that_does_not_exist_is_an_error_of_the_database_and_makes_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'nowhere' / 'a.sqlite3'}")
    with pytest.raises(OperationalError):
        database.is_empty()
    database.close()
