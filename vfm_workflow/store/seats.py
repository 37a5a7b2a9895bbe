"""Who may sit in for whom, and which links go with a seat."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from vfm_workflow.store import deputies as deputy_store
from vfm_workflow.store.raw import rows, seldom
from vfm_workflow.store.tables import (
    DecisionRequest,
    Deputy,
    Link,
    MailboxReader,
    Person,
    Project,
    Slot,
    Version,
    VoteRow,
)


def deputies(session: Session, person_id: int, day: dt.date) -> list[Person]:
    """Return who stands in for a person on a day, the newest deputyship first; nobody who has left."""
    if person_id not in _away(session, day):
        return []
    return list(session.scalars(_deputies(), {"person": person_id, "day": day}))


AWAY = "away"


def _away(session: Session, day: dt.date) -> frozenset[int]:
    """Return everybody for whom somebody stands in on a day; read once a transaction.

    Each seat of each open decision asks, and nearly nobody is away. A deputyship that is ended meanwhile may stay among
    them; `deputy_named` says that there is a new one.
    """
    held: dict[dt.date, frozenset[int]] = session.info.setdefault(AWAY, {})
    if day not in held:
        held[day] = frozenset(deputy_store.running(session, day))
    return held[day]


def deputy_named(session: Session) -> None:
    """Let it be read anew who is away: a deputyship was added."""
    session.info.pop(AWAY, None)


@cache
def _deputies() -> Any:
    day: Any = bindparam("day")
    return (
        select(Person)
        .join(Deputy, col(Deputy.deputy_id) == col(Person.id))
        .where(
            col(Deputy.person_id) == bindparam("person"),
            col(Deputy.ended_at).is_(None),
            col(Deputy.from_day) <= day,
            col(Deputy.until_day) >= day,
            col(Person.active).is_(True),
        )
        .order_by(col(Deputy.id).desc())
    )


def ever_deputy(session: Session, person_id: int, deputy_id: int) -> bool:
    """Return whether somebody was ever set to stand in for a person."""
    query = select(col(Deputy.id)).where(
        col(Deputy.person_id) == person_id, col(Deputy.deputy_id) == deputy_id
    )
    return session.scalars(query).first() is not None


def reads(session: Session, mailbox_id: int, reader_id: int) -> bool:
    """Return whether somebody is one of the readers of a shared mailbox."""
    return session.get(MailboxReader, (mailbox_id, reader_id)) is not None


class Opened(NamedTuple):
    """Everything a link of a decision leads to."""

    link: Link
    slot: Slot
    request: DecisionRequest
    project: Project
    version: Version
    holder: Person
    """Whose link it is."""
    member: Person
    """Whose seat it is."""


_HOLDER, _MEMBER = aliased(Person), aliased(Person)
_OPENED = (
    select(Link, Slot, DecisionRequest, Project, Version, _HOLDER, _MEMBER)
    .join(Slot, col(Slot.id) == col(Link.slot_id))
    .join(DecisionRequest, col(DecisionRequest.id) == col(Slot.request_id))
    .join(Project, col(Project.id) == col(DecisionRequest.project_id))
    .join(Version, col(Version.id) == col(DecisionRequest.version_id))
    .join(_HOLDER, col(_HOLDER.id) == col(Link.person_id))
    .join(_MEMBER, col(_MEMBER.id) == col(Slot.person_id))
    .where(col(Link.id) == bindparam("link_id"))
)


def opened(session: Session, link_id: int) -> Opened | None:
    """Return what a link leads to; None where it is no such link.

    Every look and every try asks it, so it is one statement, built once.
    """
    found = session.execute(_OPENED, {"link_id": link_id}).first()
    return Opened._make(found) if found is not None else None


_LIVE_LINKS = (
    select(Link)
    .join(Slot, col(Slot.id) == col(Link.slot_id))
    .where(
        col(Slot.request_id) == bindparam("request"),
        col(Link.used_at).is_(None),
        col(Link.revoked_at).is_(None),
    )
)


def live_links(session: Session, request_id: int) -> dict[int, Link]:
    """Return slot → its one link that is neither used nor revoked; it may have expired."""
    found = session.scalars(_LIVE_LINKS, {"request": request_id})
    return {link.slot_id: link for link in found if link.slot_id is not None}


def late_links(session: Session, at: dt.datetime) -> Sequence[tuple[Link, Slot, DecisionRequest]]:
    """Return the links that could still record a late vote on a decision that was taken, each with its seat and request."""
    found = seldom(session, _late_links(), {"at": at})
    return sorted(((link, slot, request) for link, slot, request in found), key=lambda row: row[0].id or 0)


@cache
def _late_links() -> Any:
    """Built once: the clock asks it every minute. Put in order by the database, it would walk every link there ever was."""
    return (
        select(Link, Slot, DecisionRequest)
        .join(Slot, col(Slot.id) == col(Link.slot_id))
        .join(DecisionRequest, col(DecisionRequest.id) == col(Slot.request_id))
        .where(
            col(Link.used_at).is_(None),
            col(Link.revoked_at).is_(None),
            col(Link.slot_id).is_not(None),  # said as the index of live links has it
            col(Link.expires_at) >= bindparam("at"),
            col(DecisionRequest.state) == "decided",
        )
    )


def voted(session: Session, request_id: int, person_id: int) -> bool:
    """Return whether a person has decided on a request, in their own seat or for somebody."""
    return bool(rows(session, _voted(), {"request": request_id, "person": person_id}))


@cache
def _voted() -> Any:
    mine = col(VoteRow.request_id) == bindparam("request"), col(VoteRow.person_id) == bindparam("person")
    return select(col(VoteRow.id)).where(*mine)
