"""The queue: a look is enqueued with the mail or not at all, stands in nobody's way, and is made good where it was lost."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from procrastinate.schema import SchemaManager
from sqlalchemy import text
from sqlmodel import Session

from tests.journeys.test_deliver import put
from tests.people import Council
from vfm_workflow.clock import Clock
from vfm_workflow.store import queue
from vfm_workflow.store.engine import MIGRATIONS, Database

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]


def looks(council: Council, status: str = "todo") -> list[tuple[str, str | None]]:
    """Return (queue, lock) of each look that waits."""
    with council.app.read() as session:
        query = text(
            "SELECT queue_name, queueing_lock FROM procrastinate_jobs WHERE status::text = :status ORDER BY id"
        )
        return [(name, lock) for name, lock in session.execute(query, {"status": status})]


def listening(council: Council) -> bool:
    """Return whether a process waits for looks."""
    with council.app.read() as session:
        return bool(session.scalar(text("SELECT count(*) FROM procrastinate_workers")))


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.05)


def submitted(council: Council) -> None:
    """Have a project before CMT: five decision mails wait."""
    council.outline_ready(council.create())
    council.do("VFM-0001", "submit_outline")


def sent(council: Council) -> bool:
    return {mail.state for mail in council.mails()} == {"sent"}


def test_one_look_is_enqueued_with_the_mails_of_a_transaction(council: Council) -> None:
    submitted(council)
    assert len(council.mails()) == 5
    assert looks(council) == [("mail", None)]


def test_mail_that_was_not_written_wakes_nobody(council: Council) -> None:
    council.outline_ready(council.create())
    with pytest.raises(RuntimeError):
        _fail_after_waking(council)
    with council.app.write() as session:
        queue.wake(session, queue.MAIL)
        session.rollback()
    assert council.app.preview(5, council.at) is not None
    assert looks(council) == []


def _fail_after_waking(council: Council) -> None:
    with council.app.write() as session:
        queue.wake(session, queue.MAIL)
        raise RuntimeError("the page failed")


def test_mail_that_may_not_leave_yet_wakes_nobody_until_it_may(council: Council) -> None:
    council.later(hours=-2)  # seven in the morning: decision mail leaves in working hours
    submitted(council)
    assert looks(council) == []
    assert council.app.owed(council.at) == []
    assert council.app.owed(council.later(hours=2)) == ["mail"]


def test_sweeping_again_and_again_makes_one_look_and_troubles_no_transaction(council: Council) -> None:
    put(council)
    for _ in range(3):
        queue.sweep(council.app.database, council.app.owed(council.at))
    assert looks(council) == [("mail", "sweep mail")]
    submitted(council)  # while a sweep's look waits, writing mail goes on as ever
    assert looks(council) == [("mail", "sweep mail"), ("mail", None)]


@pytest.fixture
def clock(council: Council, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """A clock that stands at the council's moment."""
    monkeypatch.setattr(council.app, "now", lambda: council.at)
    clock = Clock(council.app)
    yield clock
    clock.stop()


def test_mail_leaves_at_once_and_the_look_is_gone(
    council: Council, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vfm_workflow.clock.DELIVER_SECONDS", 3600)  # no sweep: the call alone
    clock.start()
    until(lambda: listening(council))
    submitted(council)
    until(lambda: sent(council) and not looks(council) and not looks(council, "doing"))
    assert len(list((council.app.loaded.data / "mail").glob("*.eml"))) == 5


def test_more_than_a_batch_is_passed_on_until_nothing_is_left(
    council: Council, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vfm_workflow.clock.BATCH", 4)
    put(council, count=10)
    clock.start()  # the first sweep finds them
    until(lambda: sent(council))


def test_a_look_whose_process_died_is_removed_and_what_it_owed_is_swept(
    council: Council, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vfm_workflow.clock.DELIVER_SECONDS", 0.2)
    put(council, count=3)
    with council.app.write() as session:
        _look_of_the_dead(session)
    assert looks(council, "doing") == [("mail", None)]
    clock.start()
    until(lambda: sent(council) and not looks(council, "doing"))


def _look_of_the_dead(session: Session) -> None:
    session.execute(
        text(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('mail', 'vfm.mail', 'doing')"
        )
    )


def test_a_clock_outlives_the_connections_it_had(
    council: Council, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vfm_workflow.clock.DELIVER_SECONDS", 0.5)
    clock.start()
    until(lambda: listening(council))
    with psycopg.connect(council.app.database.libpq_url(), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    submitted(council)
    until(lambda: sent(council))


def test_the_queues_tables_are_those_of_the_library(council: Council) -> None:
    """A newer Procrastinate brings steps of its own: they go into a migration of ours that names the newest."""
    steps = sorted(path.name for path in Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    taken = [file.read_text(encoding="utf-8") for file in sorted((MIGRATIONS / "versions").glob("0*.py"))]
    assert any(f'NEWEST = "{steps[-1]}"' in written for written in taken)


def test_on_sqlite_no_table_of_the_queue_is_made(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.sqlite3'}")
    database.upgrade()
    with database.read() as session:
        names = session.scalars(text("SELECT name FROM sqlite_master")).all()
    database.close()
    assert not [name for name in names if name.startswith("procrastinate")]


def test_a_sweep_does_not_hold_up_a_process_that_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks the queue's loop, which may have ended before it answers: here it never runs at all."""

    async def nothing(_: object) -> None:
        return

    monkeypatch.setattr("vfm_workflow.store.queue._remove_stalled", nothing)
    loop = asyncio.new_event_loop()
    waiting = queue.Queue("", {})
    monkeypatch.setattr(waiting, "_running", (loop, None))
    monkeypatch.setattr(waiting, "_app", object())
    sweep = threading.Thread(target=waiting.remove_stalled)
    sweep.start()
    monkeypatch.setattr(waiting, "_running", None)
    sweep.join(10)
    assert not sweep.is_alive()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
