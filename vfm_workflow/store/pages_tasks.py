"""What waits for one person, found by a handful of set-based queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from vfm_workflow.domain.assurance import seat_name
from vfm_workflow.domain.roles import Actor
from vfm_workflow.store.decisions import IS_OPEN
from vfm_workflow.store.mail_log import WAITS_FOR_SOMEBODY
from vfm_workflow.store.tables import (
    Condition,
    Consultation,
    DecisionRequest,
    Department,
    Dispute,
    Idea,
    Link,
    MailboxReader,
    Milestone,
    MonthlyReturn,
    OutboxMail,
    Person,
    Project,
    Slot,
    VoteRow,
)


class Ballot(NamedTuple):
    """A decision that waits for whoever holds one seat. `mailed_at` is when their link went, None where it has expired."""

    request_id: int
    slot_id: int
    project_id: int
    decision: str
    asked_at: dt.datetime
    deadline: dt.datetime
    mailed_at: dt.datetime | None
    member: str
    holder: str
    """Whose link it is: the member, a deputy, or a shared mailbox."""


def ballots(session: Session, person_id: int, at: dt.datetime) -> list[Ballot]:
    """Return the open decisions that wait for a person, the nearest deadline first: in their own seat, where they stand in
    for somebody, and where they read a shared mailbox. A member with a deputy waits for nobody."""
    r, live, member, holder = DecisionRequest, Link, aliased(Person), aliased(Person)
    mailboxes = select(col(MailboxReader.mailbox_id)).where(col(MailboxReader.reader_id) == person_id)
    query = (
        select(
            col(r.id), col(Slot.id), col(r.project_id), col(r.decision), col(r.opened_at), col(r.deadline),
            case((col(live.expires_at) >= at, col(live.issued_at)), else_=None), col(member.name), col(holder.name),
        )
        .join(Slot, col(Slot.request_id) == col(r.id))
        .join(member, col(member.id) == col(Slot.person_id))
        .outerjoin(VoteRow, col(VoteRow.slot_id) == col(Slot.id))
        .outerjoin(
            live,
            and_(
                col(live.slot_id) == col(Slot.id), col(live.used_at).is_(None), col(live.revoked_at).is_(None)
            ),
        )
        .join(holder, col(holder.id) == func.coalesce(col(live.person_id), col(Slot.person_id)))
        .where(
            IS_OPEN,
            col(VoteRow.id).is_(None),
            col(Slot.vacated_at).is_(None),
            or_(col(holder.id) == person_id, col(holder.id).in_(mailboxes)),
        )
        .order_by(col(r.deadline), col(r.id))
    )  # fmt: skip
    return [Ballot._make(row) for row in session.execute(query)]


def answering_for(session: Session, actor: Actor) -> list[Project]:
    """Return the projects somebody manages, or sponsors or has in their department as Head of Service, or a deputy of one."""
    mine = [col(Project.manager_id) == actor.id]
    for head in (actor, *actor.stands_for):
        mine.append(col(Project.sponsor_id) == head.id)
        if head.role == "head_of_service" and head.department:
            mine.append(col(Project.department) == head.department)
    return list(session.scalars(select(Project).where(or_(*mine)).order_by(col(Project.id))))


def by_ids(session: Session, ids: Collection[int]) -> dict[int, Project]:
    """Return id → project."""
    query = select(Project).where(col(Project.id).in_(sorted(set(ids))))
    return {row.id: row for row in session.scalars(query) if row.id is not None}


def open_decisions(session: Session, project_ids: Collection[int]) -> set[tuple[int, str]]:
    """Return (project id, decision) of the open requests of some projects."""
    query = select(col(DecisionRequest.project_id), col(DecisionRequest.decision)).where(
        IS_OPEN, col(DecisionRequest.project_id).in_(sorted(project_ids))
    )
    return {(project_id, decision) for project_id, decision in session.execute(query)}


class Passed(NamedTuple):
    """A milestone that is not done, though the day it was forecast for is over."""

    id: int
    project_id: int
    title: str
    forecast: dt.date


def passed_milestones(session: Session, project_ids: Collection[int], today: dt.date) -> list[Passed]:
    """Return the open milestones of some projects whose forecast has passed, oldest first."""
    m = Milestone
    query = (
        select(col(m.id), col(m.project_id), col(m.title), col(m.forecast))
        .where(col(m.done_on).is_(None), col(m.forecast) < today, col(m.project_id).in_(sorted(project_ids)))
        .order_by(col(m.forecast), col(m.id))
    )
    return [Passed._make(row) for row in session.execute(query)]


def sent_back(session: Session, project_ids: Collection[int]) -> list[tuple[int, str, str]]:
    """Return (project id, month, why) of the returns that were sent back to be corrected."""
    r = MonthlyReturn
    query = select(col(r.project_id), col(r.period), col(r.sent_back_why)).where(
        col(r.state) == "draft", col(r.sent_back_why) != "", col(r.project_id).in_(sorted(project_ids))
    )
    return [(project_id, period, why) for project_id, period, why in session.execute(query)]


class OpenCondition(NamedTuple):
    """A condition of an approval that nobody has discharged."""

    id: int
    project_id: int
    text: str
    set_at: dt.datetime
    set_by: str


def open_conditions(session: Session, project_ids: Collection[int], setter_id: int) -> list[OpenCondition]:
    """Return the open conditions of some projects, and those that one person set anywhere, oldest first."""
    decider, member = aliased(Person), aliased(Person)
    query = (
        select(
            col(Condition.id), col(Condition.project_id), col(Condition.text), col(Condition.set_at), col(decider.name),
            col(member.name),
        )
        .join(VoteRow, col(VoteRow.id) == col(Condition.vote_id))
        .join(decider, col(decider.id) == col(VoteRow.person_id))
        .join(Slot, col(Slot.id) == col(VoteRow.slot_id))
        .join(member, col(member.id) == col(Slot.person_id))
        .where(
            col(Condition.discharged_at).is_(None),
            or_(col(Condition.project_id).in_(sorted(project_ids)), col(VoteRow.person_id) == setter_id),
        )
        .order_by(col(Condition.set_at), col(Condition.id))
    )  # fmt: skip
    return [OpenCondition._make((*row[:4], seat_name(row[4], row[5]))) for row in session.execute(query)]


class OpenConsultation(NamedTuple):
    """A consultation without an answer; `person_id` is None where nobody was asked by link."""

    project: Project
    key: str
    asked_on: dt.date
    person_id: int | None
    deadline: dt.date | None


def open_consultations(session: Session) -> list[OpenConsultation]:
    """Return each consultation without an answer, oldest first."""
    c = Consultation
    query = (
        select(Project, col(c.key), col(c.asked_on), col(c.person_id), col(c.deadline))
        .join(c, col(c.project_id) == col(Project.id))
        .where(col(c.answered_on).is_(None))
        .order_by(col(c.asked_on), col(Project.id), col(c.key))
    )
    return [OpenConsultation._make(row) for row in session.execute(query)]


def open_disputes(session: Session) -> list[tuple[Project, dt.datetime]]:
    """Return (project, since) of each project that stands still while a decision on it is disputed."""
    since = func.min(Dispute.at)
    query = (
        select(Project, since)
        .join(Dispute, col(Dispute.project_id) == col(Project.id))
        .where(col(Dispute.settled_at).is_(None))
        .group_by(col(Project.id))
        .order_by(since)
    )
    return [(project, project.disputed_at or at) for project, at in session.execute(query)]


def ideas_waiting(session: Session, person_id: int, *, chief: bool) -> tuple[int, dt.date | None]:
    """Return (how many ideas somebody owes a reply, the day of the oldest).

    The head of the service an idea is about owes it; the chief executive where it is about none, or none has a head.
    """
    mine = col(Department.head_id) == person_id
    query = (
        select(func.count(col(Idea.id)), func.min(Idea.on))
        .outerjoin(Department, col(Department.code) == col(Idea.department))
        .where(col(Idea.replied_on).is_(None))
        .where(or_(mine, col(Department.head_id).is_(None)) if chief else mine)
    )
    count, oldest = session.execute(query).one()
    return count, oldest


def troubled_mails(session: Session) -> int:
    """Return how many mails did not arrive, or may not have, and nobody has looked into."""
    query = select(func.count(col(OutboxMail.id))).where(WAITS_FOR_SOMEBODY)
    return session.scalar(query) or 0
