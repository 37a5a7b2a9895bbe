"""The demo's mailbox: what was delivered, to anybody, newest first."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from vfm_workflow.errors import NotFound
from vfm_workflow.store.decisions import IS_OPEN
from vfm_workflow.store.tables import DecisionRequest, Link, OutboxMail, Person, Slot


class Delivered(NamedTuple):
    """A delivered mail as the mailbox lists it."""

    id: int
    subject: str
    notice: str
    to: str
    name: str | None
    """The reader's post."""
    sent_at: dt.datetime


def counts(session: Session) -> dict[tuple[int | None, str], int]:
    """Return (person, notice) → how many mails were delivered: one look at the outbox answers every filter."""
    m = OutboxMail
    query = select(col(m.person_id), col(m.notice), func.count()).where(col(m.state) == "sent")
    rows = session.execute(query.group_by(col(m.person_id), col(m.notice)))
    return {(person_id, notice): count for person_id, notice, count in rows}


def delivered(
    session: Session, *, person_id: int | None = None, notice: str = "", offset: int = 0, limit: int = 50
) -> list[Delivered]:
    """Return the mails of one page, newest first."""
    m = OutboxMail
    wanted: list[ColumnElement[bool]] = [col(m.state) == "sent"]
    if person_id is not None:
        wanted.append(col(m.person_id) == person_id)
    if notice:
        wanted.append(col(m.notice) == notice)
    query = (
        select(col(m.id), col(m.subject), col(m.notice), col(m.to), col(Person.name), col(m.settled_at))
        .outerjoin(Person, col(Person.id) == col(m.person_id))
        .where(*wanted)
        .order_by(col(m.settled_at).desc(), col(m.id).desc())
        .offset(max(offset, 0))
        .limit(limit)
    )
    return [Delivered._make(row) for row in session.execute(query)]


def asking(session: Session, at: dt.datetime) -> int | None:
    """Return the id of the newest delivered mail whose link still decides something."""
    query = (
        select(col(OutboxMail.id))
        .join(Link, col(Link.message_id) == col(OutboxMail.message_id))
        .join(Slot, col(Slot.id) == col(Link.slot_id))
        .join(DecisionRequest, col(DecisionRequest.id) == col(Slot.request_id))
        .where(
            col(OutboxMail.state) == "sent",
            col(Link.used_at).is_(None),
            col(Link.revoked_at).is_(None),
            col(Link.expires_at) > at,
            IS_OPEN,
        )
        .order_by(col(OutboxMail.id).desc())
        .limit(1)
    )
    return session.scalars(query).first()


def one(session: Session, mail_id: int) -> OutboxMail:
    """Return a delivered mail. Raises NotFound, also for one that has not left yet."""
    found = session.get(OutboxMail, mail_id)
    if found is None or found.state != "sent":
        raise NotFound("There is no such mail in the mailbox.")
    return found
