"""What the pages of decisions and disputes ask besides the journeys' own queries."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from vfm_workflow.domain.assurance import seat_name
from vfm_workflow.store.tables import DecisionRequest, Dispute, Link, Person, Slot, Version, VoteRow


def version_before(session: Session, version: Version) -> Version | None:
    """Return the text that was frozen before `version`, or None where it is the first."""
    query = select(Version).where(
        col(Version.project_id) == version.project_id,
        col(Version.subject) == version.subject,
        col(Version.number) < version.number,
    )
    return session.scalars(query.order_by(col(Version.number).desc()).limit(1)).first()


def newest_like(session: Session, request: DecisionRequest) -> tuple[DecisionRequest, Version] | None:
    """Return the newest request on the same decision of the same project, with its text, if it is a later one."""
    query = (
        select(DecisionRequest, Version)
        .join(Version, col(Version.id) == col(DecisionRequest.version_id))
        .where(
            col(DecisionRequest.project_id) == request.project_id,
            col(DecisionRequest.decision) == request.decision,
            col(DecisionRequest.id) > request.id,
        )
        .order_by(col(DecisionRequest.id).desc())
        .limit(1)
    )
    row = session.execute(query).first()
    return (row[0], row[1]) if row is not None else None


class DisputeRow(NamedTuple):
    """A disputed vote with everything an administrator looks into."""

    disputed_at: dt.datetime
    settled_at: dt.datetime | None
    settled_by: int | None
    note: str
    voter: str
    """Who decided; `X for Y` for a deputy."""
    decision: str
    """The key of the decision in the project's lifecycle."""
    version: int
    digest: str
    choice: str
    reason: str
    voted_at: dt.datetime
    assurance: str
    address: str
    user_agent: str
    message_id: str
    issued_at: dt.datetime | None
    """When the link that was used had been mailed."""


def disputes(session: Session, project_id: int) -> list[DisputeRow]:
    """Return every dispute on a project, newest first."""
    decider, member = aliased(Person), aliased(Person)
    query = (
        select(
            col(Dispute.at),
            col(Dispute.settled_at),
            col(Dispute.settled_by),
            col(Dispute.note),
            col(decider.name),
            col(member.name),
            col(DecisionRequest.decision),
            col(Version.number),
            col(Version.digest),
            col(VoteRow.choice),
            col(VoteRow.reason),
            col(VoteRow.at),
            col(VoteRow.assurance),
            col(VoteRow.address),
            col(VoteRow.user_agent),
            col(VoteRow.message_id),
            col(Link.issued_at),
        )
        .join(VoteRow, col(VoteRow.id) == col(Dispute.vote_id))
        .join(decider, col(decider.id) == col(VoteRow.person_id))
        .join(Slot, col(Slot.id) == col(VoteRow.slot_id))
        .join(member, col(member.id) == col(Slot.person_id))
        .join(DecisionRequest, col(DecisionRequest.id) == col(VoteRow.request_id))
        .join(Version, col(Version.id) == col(VoteRow.version_id))
        .outerjoin(Link, (col(Link.slot_id) == col(VoteRow.slot_id)) & col(Link.used_at).is_not(None))
        .where(col(Dispute.project_id) == project_id)
        .order_by(col(Dispute.id).desc())
    )
    return [
        DisputeRow._make((*row[:4], seat_name(row[4], row[5]), *row[6:])) for row in session.execute(query)
    ]
