"""What is kept about one person, gathered from every table that names people; and what is kept no longer."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from sqlalchemy import Column, LargeBinary, delete, func, literal_column, or_, select, update
from sqlmodel import Session, SQLModel, col

from vfm_workflow.store.tables import Code, OutboxMail, Person, WebSession

SECRET = frozenset({"digest", "lease_by", "lease_until"})
"""Columns that are nobody's personal data: they prove a link or session, or say which process works on a row."""


def of(session: Session, person_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return table → rows that name the person, in whatever column; what is empty is left out.

    It follows the tables' own keys, so that a table added tomorrow is in it too. Bytes are given by their length: the text
    of a mail is in the mail itself, and a document belongs to its project.
    """
    found = {}
    for name, table in sorted(SQLModel.metadata.tables.items()):
        mine = [column for column in table.columns if _names_a_person(column)]
        if name == Person.__tablename__:
            mine = [table.c.id]
        if not mine:
            continue
        shown = [_shown(column) for column in table.columns if column.name not in SECRET]
        query = select(*shown).where(or_(*(column == person_id for column in mine)))
        rows = [dict(row._mapping) for row in session.execute(query.order_by(*table.primary_key.columns))]
        if rows:
            found[name] = rows
    return found


def _names_a_person(column: Column[Any]) -> bool:
    return any(key.target_fullname == "person.id" for key in column.foreign_keys)


def _shown(column: Column[Any]) -> Any:
    if isinstance(column.type, LargeBinary):
        return func.length(column).label(f"{column.name}_bytes")
    return column


class Tidied(NamedTuple):
    """What was let go: how many mails' texts, sessions, codes, and files that exports made on this machine."""

    mail_texts: int
    sessions: int
    codes: int
    export_files: int = 0


def let_go(session: Session, mails_before: dt.datetime, sessions_before: dt.datetime) -> Tidied:
    """Empty the text of each mail that was settled before a moment, and remove sessions and codes that ended before one.

    That a mail was sent, to whom, when and why, stays in the delivery log.
    """
    m, s = OutboxMail, WebSession
    texts = (
        update(m)
        .where(
            col(m.settled_at) < mails_before,
            col(m.state).in_(("sent", "failed", "unknown")),
            func.length(col(m.data)) > literal_column("0"),  # said as the index of kept texts has it
        )
        .values(data=b"")
        .returning(col(m.id))
        .execution_options(synchronize_session=False)
    )
    ended = func.coalesce(col(s.ended_at), col(s.expires_at)) < sessions_before
    old = delete(s).where(ended).returning(col(s.digest)).execution_options(synchronize_session=False)
    codes = (
        delete(Code)
        .where(col(Code.expires_at) < sessions_before)
        .returning(col(Code.id))
        .execution_options(synchronize_session=False)
    )
    return Tidied(*(len(session.execute(statement).all()) for statement in (texts, old, codes)))
