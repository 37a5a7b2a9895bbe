"""What somebody holds, and the record of what was changed of people."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import CursorResult, delete, func, select, update
from sqlmodel import Session, col

from vfm_workflow.domain.roles import Actor
from vfm_workflow.store import outbox
from vfm_workflow.store.tables import (
    Consultation,
    Department,
    ExemptGrant,
    Idea,
    Link,
    MailboxReader,
    Measure,
    Person,
    PersonChange,
    Project,
    WebSession,
)

OWN_LINKS = ("sign_in", "consult", "idea")
"""Links that are a person's own. Those that decide follow the seats of a board (`journeys/reseat.py`)."""


def note(
    session: Session, person_id: int, what: str, detail: Mapping[str, Any], at: dt.datetime, by: Actor | None
) -> None:
    """Record what was changed of somebody, for good. `by` is None at the command line."""
    text = json.dumps(detail, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    row = PersonChange(person_id=person_id, what=what, detail=text, at=at, by=by.id if by else None)
    session.add(row)
    session.flush()


class Change(NamedTuple):
    """One row of that record. `by` is a post, None for the command line."""

    what: str
    detail: Mapping[str, Any]
    at: dt.datetime
    by: str | None


def changes(session: Session, person_id: int) -> list[Change]:
    """Return what was changed of somebody, newest first."""
    c = PersonChange
    query = (
        select(col(c.what), col(c.detail), col(c.at), col(Person.name))
        .outerjoin(Person, col(Person.id) == col(c.by))
        .where(col(c.person_id) == person_id)
        .order_by(col(c.id).desc())
    )
    return [Change(what, json.loads(detail), at, by) for what, detail, at, by in session.execute(query)]


def leavers(session: Session) -> list[Person]:
    """Return those who have left, the newest first."""
    query = select(Person).where(col(Person.active).is_(False))
    return list(session.scalars(query.order_by(col(Person.left_at).desc(), col(Person.name))))


def with_address(session: Session, address: str) -> Person | None:
    """Return whoever has a work address, leavers too; None where nobody does."""
    return session.scalars(select(Person).where(col(Person.address) == address.strip().lower())).first()


def others_in(session: Session, roles: Collection[str], person_id: int) -> int:
    """Return how many active people but one have a role of `roles`."""
    query = select(func.count(col(Person.id))).where(
        col(Person.active).is_(True), col(Person.role).in_(sorted(roles)), col(Person.id) != person_id
    )
    return session.scalar(query) or 0


def headed_by(session: Session, person_id: int) -> list[Department]:
    """Return the departments somebody heads."""
    query = select(Department).where(col(Department.head_id) == person_id)
    return list(session.scalars(query.order_by(col(Department.code))))


def projects_of(session: Session, person_id: int) -> list[Project]:
    """Return the projects somebody manages or sponsors."""
    query = select(Project).where(
        (col(Project.manager_id) == person_id) | (col(Project.sponsor_id) == person_id)
    )
    return list(session.scalars(query.order_by(col(Project.id))))


def consultations_of(session: Session, person_id: int) -> list[tuple[Consultation, str]]:
    """Return (consultation, its project's reference) of those that wait for somebody's answer."""
    query = (
        select(Consultation, col(Project.reference))
        .join(Project, col(Project.id) == col(Consultation.project_id))
        .where(col(Consultation.person_id) == person_id, col(Consultation.answered_on).is_(None))
        .order_by(col(Project.id), col(Consultation.key))
    )
    return [(row, reference) for row, reference in session.execute(query)]


def end_sessions(session: Session, person_id: int, at: dt.datetime) -> int:
    """End everything somebody is signed in with; return how many there were."""
    mine = col(WebSession.person_id) == person_id
    open_ = (col(WebSession.ended_at).is_(None), col(WebSession.expires_at) > at)
    return _count(session, update(WebSession).where(mine, *open_).values(ended_at=at))


def revoke_links(session: Session, person_id: int, why: str, at: dt.datetime) -> int:
    """Revoke the live links that are somebody's own; return how many there were."""
    query = update(Link).where(
        col(Link.person_id) == person_id,
        col(Link.purpose).in_(OWN_LINKS),
        col(Link.used_at).is_(None),
        col(Link.revoked_at).is_(None),
    )
    return _count(session, query.values(revoked_at=at, revoked_why=why))


def end_grants(session: Session, person_id: int) -> int:
    """End somebody's leave to read exempt text; return how many there were."""
    return _count(session, delete(ExemptGrant).where(col(ExemptGrant.person_id) == person_id))


def _count(session: Session, statement: Any) -> int:
    session.flush()
    done = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(done, CursorResult)
    session.expire_all()
    return done.rowcount


def pass_facts(session: Session, person_id: int, successor_id: int | None) -> int:
    """Give what waits for somebody's next digest to a successor; without one it is dropped. Return how many there were."""
    rows = [row for row in outbox.pending_facts(session) if row.person_id == person_id]
    for row in rows:
        if successor_id is not None:
            item = row.item or {}
            outbox.leave(session, row.job, row.period, row.subject, [successor_id], item, row.posted_at)
        session.delete(row)
    session.flush()
    return len(rows)


def readers(session: Session, mailbox_id: int) -> list[Person]:
    """Return who reads a shared mailbox, in order of name."""
    query = (
        select(Person)
        .join(MailboxReader, col(MailboxReader.reader_id) == col(Person.id))
        .where(col(MailboxReader.mailbox_id) == mailbox_id)
        .order_by(col(Person.name), col(Person.id))
    )
    return list(session.scalars(query))


def mailboxes_of(session: Session, reader_id: int) -> list[Person]:
    """Return the shared mailboxes somebody reads."""
    query = (
        select(Person)
        .join(MailboxReader, col(MailboxReader.mailbox_id) == col(Person.id))
        .where(col(MailboxReader.reader_id) == reader_id)
        .order_by(col(Person.name), col(Person.id))
    )
    return list(session.scalars(query))


def set_readers(
    session: Session, mailbox_id: int, reader_ids: Sequence[int], at: dt.datetime, by: Actor | None
) -> None:
    """Make `reader_ids` the readers of a shared mailbox; who reads it already stays as they were added."""
    held = {
        row.reader_id: row
        for row in session.scalars(select(MailboxReader).where(col(MailboxReader.mailbox_id) == mailbox_id))
    }
    for reader_id in set(held) - set(reader_ids):
        session.delete(held[reader_id])
    for reader_id in dict.fromkeys(reader_ids):
        if reader_id not in held:
            added_by = by.id if by else None
            session.add(
                MailboxReader(mailbox_id=mailbox_id, reader_id=reader_id, added_at=at, added_by=added_by)
            )
    session.flush()


def drop_reader(session: Session, reader_id: int) -> None:
    """Take somebody out of every shared mailbox they read."""
    session.execute(delete(MailboxReader).where(col(MailboxReader.reader_id) == reader_id))


class Use(NamedTuple):
    """What a department is used by."""

    people: int
    projects: int
    ideas: int
    measures: int


def use_of(session: Session, code: str) -> Use:
    """Return what a department is used by, leavers too: their row names it."""

    def count(column: Any) -> int:
        return session.scalar(select(func.count()).where(column == code)) or 0

    naming = (Person.department, Project.department, Idea.department, Measure.department)
    return Use(*(count(col(column)) for column in naming))
