"""The demo's mailbox: what was delivered, to anybody, newest first."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from vfm_workflow.errors import NotFound
from vfm_workflow.store.tables import OutboxMail, Person


class Delivered(NamedTuple):
    """A delivered mail as the mailbox lists it."""

    id: int
    subject: str
    notice: str
    to: str
    name: str | None
    """The reader's post."""
    sent_at: dt.datetime


def delivered(
    session: Session, *, person_id: int | None = None, notice: str = "", offset: int = 0, limit: int = 50
) -> tuple[list[Delivered], int]:
    """Return (the mails of one page, newest first, how many there are in all)."""
    m = OutboxMail
    wanted: list[ColumnElement[bool]] = [col(m.state) == "sent"]
    if person_id is not None:
        wanted.append(col(m.person_id) == person_id)
    if notice:
        wanted.append(col(m.notice) == notice)
    query = (
        select(
            col(m.id),
            col(m.subject),
            col(m.notice),
            col(m.to),
            col(Person.name),
            col(m.settled_at),
        )
        .outerjoin(Person, col(Person.id) == col(m.person_id))
        .where(*wanted)
        .order_by(col(m.settled_at).desc(), col(m.id).desc())
        .offset(max(offset, 0))
        .limit(limit)
    )
    rows = [Delivered._make(row) for row in session.execute(query)]
    return rows, session.scalar(select(func.count(col(m.id))).where(*wanted)) or 0


def readers(session: Session) -> list[tuple[int, str]]:
    """Return (id, post) of everybody who was sent a mail, in order of post."""
    had = select(col(OutboxMail.person_id)).where(col(OutboxMail.state) == "sent")
    query = select(col(Person.id), col(Person.name)).where(col(Person.id).in_(had)).order_by(col(Person.name))
    return [(person_id, name) for person_id, name in session.execute(query) if person_id is not None]


def notices(session: Session) -> list[str]:
    """Return the notices that delivered mails were written from."""
    query = select(col(OutboxMail.notice)).where(col(OutboxMail.state) == "sent").distinct()
    return list(session.scalars(query))


def one(session: Session, mail_id: int) -> OutboxMail:
    """Return a delivered mail. Raises NotFound, also for one that has not left yet."""
    found = session.get(OutboxMail, mail_id)
    if found is None or found.state != "sent":
        raise NotFound("There is no such mail in the mailbox.")
    return found
