"""A project's record of decisions and its history, as its pages show them, each read by one statement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from vfm_workflow.domain.assurance import known_by, seat_name
from vfm_workflow.store.tables import (
    Condition,
    Consultation,
    DecisionRequest,
    Dispute,
    History,
    Person,
    Slot,
    Version,
    VoteRow,
)


class Request(NamedTuple):
    """A board asked to decide one version."""

    id: int
    decision: str
    state: str
    outcome: str | None
    asked_by: str
    opened_at: dt.datetime
    deadline: dt.datetime
    closed_at: dt.datetime | None
    assurance: str
    version_id: int
    version: int
    digest: str
    subject: str


def requests(session: Session, project_id: int) -> list[Request]:
    """Return every request of a project, newest first."""
    r, v = DecisionRequest, Version
    query = (
        select(
            col(r.id), col(r.decision), col(r.state), col(r.outcome), col(Person.name), col(r.opened_at),
            col(r.deadline), col(r.closed_at), col(r.assurance), col(v.id), col(v.number), col(v.digest), col(v.subject),
        )
        .join(v, col(v.id) == col(r.version_id))
        .join(Person, col(Person.id) == col(r.asked_by))
        .where(col(r.project_id) == project_id)
        .order_by(col(r.id).desc())
    )  # fmt: skip
    return [Request._make(row) for row in session.execute(query)]


class Member(NamedTuple):
    """One seat of a board, and what was decided from it; `choice` is None while nothing was."""

    person_id: int
    name: str
    role: str
    vacated_at: dt.datetime | None
    vacated_why: str | None
    decided_by: str | None
    """Who decided: the member, or a deputy for them."""
    choice: str | None
    reason: str | None
    conditions: list[str] | None
    at: dt.datetime | None
    assurance: str | None
    address: str | None
    message_id: str | None
    late: bool | None
    disputed_at: dt.datetime | None
    settled_at: dt.datetime | None
    settled_by: str | None
    finding: str | None

    @property
    def seat(self) -> str:
        """Who decided from this seat, such as `X for Y`; its member while nobody has."""
        return seat_name(self.decided_by or self.name, self.name)

    @property
    def known(self) -> str:
        """How it is known who decided; empty while nobody has."""
        if self.decided_by is None:
            return ""
        return known_by(self.assurance or "", self.decided_by, self.name, self.address or "")


def members(session: Session, request_ids: Collection[int]) -> dict[int, list[Member]]:
    """Return request → its board in order, each with their vote."""
    s, v, d, decider, settler = Slot, VoteRow, Dispute, aliased(Person), aliased(Person)
    query = (
        select(
            col(s.request_id), col(Person.id), col(Person.name), col(s.role), col(s.vacated_at), col(s.vacated_why),
            col(decider.name), col(v.choice), col(v.reason),
            col(v.conditions), col(v.at), col(v.assurance), col(v.address), col(v.message_id), col(v.late),
            col(d.at), col(d.settled_at), col(settler.name), col(d.note),
        )
        .join(Person, col(Person.id) == col(s.person_id))
        .outerjoin(v, col(v.slot_id) == col(s.id))
        .outerjoin(decider, col(decider.id) == col(v.person_id))
        .outerjoin(d, col(d.vote_id) == col(v.id))
        .outerjoin(settler, col(settler.id) == col(d.settled_by))
        .where(col(s.request_id).in_(sorted(request_ids)))
        .order_by(col(s.id))
    )  # fmt: skip
    found: dict[int, list[Member]] = {}
    for request_id, *rest in session.execute(query):
        found.setdefault(request_id, []).append(Member._make(rest))
    return found


class ConditionRow(NamedTuple):
    """A condition of an approval, and how it was met."""

    id: int
    request_id: int
    text: str
    set_at: dt.datetime
    set_by: str
    discharged_at: dt.datetime | None
    discharged_by: str | None
    how: str


def conditions(session: Session, project_id: int) -> list[ConditionRow]:
    """Return every condition set on a project, oldest first."""
    c, setter, member, met = Condition, aliased(Person), aliased(Person), aliased(Person)
    query = (
        select(
            col(c.id), col(VoteRow.request_id), col(c.text), col(c.set_at), col(setter.name), col(c.discharged_at),
            col(met.name), col(c.how), col(member.name),
        )
        .join(VoteRow, col(VoteRow.id) == col(c.vote_id))
        .join(setter, col(setter.id) == col(VoteRow.person_id))
        .join(Slot, col(Slot.id) == col(VoteRow.slot_id))
        .join(member, col(member.id) == col(Slot.person_id))
        .outerjoin(met, col(met.id) == col(c.discharged_by))
        .where(col(c.project_id) == project_id)
        .order_by(col(c.id))
    )  # fmt: skip
    return [
        ConditionRow._make((*row[:4], seat_name(row[4], row[8]), *row[5:8])) for row in session.execute(query)
    ]


Consulted = tuple[str, dt.date, str, dt.date | None, dt.date | None, str, str]


def consultations(session: Session, project_id: int) -> list[Consulted]:
    """Return (key, asked on, asked by, deadline, answered on, answered by, answer) of each consultation, oldest first."""
    c, asker, answerer = Consultation, aliased(Person), aliased(Person)
    query = (
        select(
            col(c.key), col(c.asked_on), col(asker.name), col(c.deadline), col(c.answered_on),
            func.coalesce(col(answerer.name), ""), col(c.answer),
        )
        .join(asker, col(asker.id) == col(c.asked_by))
        .outerjoin(answerer, col(answerer.id) == col(c.answered_by))
        .where(col(c.project_id) == project_id)
        .order_by(col(c.asked_on), col(c.key))
    )  # fmt: skip
    return [tuple(row) for row in session.execute(query)]


def version(session: Session, project_id: int, version_id: int) -> tuple[Version, str] | None:
    """Return a frozen text of a project with who froze it, None where the project has no such text."""
    query = (
        select(Version, col(Person.name))
        .join(Person, col(Person.id) == col(Version.frozen_by))
        .where(col(Version.id) == version_id, col(Version.project_id) == project_id)
    )
    row = session.execute(query).first()
    return (row[0], row[1]) if row is not None else None


def history_page(session: Session, project_id: int, offset: int, limit: int) -> list[History]:
    """Return part of a project's history, newest first."""
    query = select(History).where(col(History.project_id) == project_id).order_by(col(History.seq).desc())
    return list(session.scalars(query.offset(offset).limit(limit)))
