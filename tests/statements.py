"""Hearing what a council's database is asked: at the driver, past which no statement goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from tests.people import Council

WORK = ("BEGIN", "COMMIT", "ROLLBACK", "--")
"""How what opens and ends a transaction begins, and what a trigger does by itself."""


def listen(council: Council, note: Callable[[str], None]) -> Callable[[], None]:
    """Call `note` with each statement that SQLite is sent from now on; return what ends that."""
    engine = council.app.database.engine

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
    """Yield every statement that SQLite is sent meanwhile."""
    said: list[str] = []
    stop = listen(council, said.append)
    try:
        yield said
    finally:
        stop()
