"""Every record that may be handed on, table by table: what `vfm export` writes out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import LargeBinary, func, select
from sqlmodel import Session, col

from vfm_workflow.store.raw import Raw
from vfm_workflow.store.tables import Attachment, metadata

SECRET_TABLES = frozenset({"code", "web_session"})
"""Nothing in them is a record: they let somebody in."""
SECRET_COLUMNS = frozenset({("link", "digest"), ("access_token", "digest"), ("outbox", "data")})
"""The first two know a link or a token again. The last is a mail as it was sent: links that are live still stand in it."""


@dataclass(frozen=True, slots=True)
class Dumped:
    """A table to write out: its columns, how many rows it has, and the rows themselves as they are read."""

    name: str
    columns: tuple[str, ...]
    count: int
    rows: Iterator[tuple[Any, ...]]


def one_moment(session: Session) -> None:
    """Let everything a new session reads be of one moment. SQLite does so by itself."""
    raw = Raw.of(session)
    if raw.postgresql:
        raw.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", {})  # the transaction has read nothing yet


def count() -> int:
    """Return how many tables there are to write out."""
    return len(metadata.tables) - len(SECRET_TABLES)


def tables(session: Session) -> Generator[Dumped, None, None]:
    """Yield each table, parents before children; close it where you stop before the end.

    Bytes are left out: documents are files of their own.
    """
    for table in metadata.sorted_tables:
        if table.name in SECRET_TABLES:
            continue
        columns = [
            column
            for column in table.columns
            if (table.name, column.name) not in SECRET_COLUMNS and not isinstance(column.type, LargeBinary)
        ]
        count = session.scalar(select(func.count()).select_from(table)) or 0
        query = select(*columns).order_by(*table.primary_key.columns)
        with session.execute(query, execution_options={"yield_per": 500}) as found:
            rows = (tuple(_plain(value) for value in row) for row in found)
            yield Dumped(table.name, tuple(column.name for column in columns), count, rows)


def documents(session: Session) -> Iterator[tuple[int, str, bytes]]:
    """Yield (id, name, bytes) of every document, one at a time."""
    for file_id in session.scalars(select(col(Attachment.id)).order_by(col(Attachment.id))).all():
        found = session.get(Attachment, file_id)
        assert found is not None and found.id is not None
        yield found.id, found.name, found.data
        session.expunge(found)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: moments and days in ISO form."""
    return value.isoformat() if isinstance(value, dt.date) else value
