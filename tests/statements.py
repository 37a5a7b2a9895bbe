"""Hearing what a council's database is asked: at SQLite's driver, past which no statement goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from tests.people import Council

WORK = ("BEGIN", "COMMIT", "ROLLBACK", "--")
"""How what opens and ends a transaction begins, and what a trigger does by itself."""


def listen(council: Council, note: Callable[[str], None]) -> Callable[[], None]:
    """Call `note` with each statement from now on; return what ends that.

    On PostgreSQL, whose driver cannot be listened to, it hears those that SQLAlchemy sends: all but the hot ones.
    """
    engine = council.app.database.engine
    if engine.dialect.name == "postgresql":

        def sent(*said: object) -> None:
            note(str(said[2]))

        event.listen(engine, "before_cursor_execute", sent)
        return lambda: event.remove(engine, "before_cursor_execute", sent)

    def hear(statement: str) -> None:
        if not statement.startswith(WORK):
            note(statement)

    def begin(connection: Any, *_: object) -> None:
        connection.set_trace_callback(hear)

    def end(connection: Any, *_: object) -> None:
        if connection is not None:  # one that was given up has nothing left to tell
            connection.set_trace_callback(None)

    event.listen(engine, "checkout", begin)
    event.listen(engine, "checkin", end)

    def stop() -> None:
        event.remove(engine, "checkout", begin)
        event.remove(engine, "checkin", end)

    return stop


@contextmanager
def heard(council: Council) -> Iterator[list[str]]:
    """Yield every statement that is sent meanwhile."""
    said: list[str] = []
    stop = listen(council, said.append)
    try:
        yield said
    finally:
        stop()
