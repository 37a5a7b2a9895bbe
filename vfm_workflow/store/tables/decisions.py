"""Decision requests, the links that answer them, and the votes (protocol of decisions by email, point 2)."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from vfm_workflow.store.tables.base import Moment, Table, partial

LIVE_LINK = "used_at IS NULL AND revoked_at IS NULL AND slot_id IS NOT NULL"
LIVE_QUESTION = "used_at IS NULL AND revoked_at IS NULL AND consultee IS NOT NULL"


class Version(Table, table=True):
    """A frozen text: canonical JSON and its digest. Append-only by trigger."""

    __table_args__ = (UniqueConstraint("project_id", "subject", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id")
    subject: str
    number: int
    snapshot: str
    digest: str = Field(max_length=64)
    frozen_at: dt.datetime = Field(sa_type=Moment)
    frozen_by: int = Field(foreign_key="person.id")


class DecisionRequest(Table, table=True):
    """A board asked to decide one version. At most one is open for a project and decision."""

    __tablename__ = "decision_request"
    __table_args__ = (
        partial(
            "uq_decision_request_open",
            "project_id",
            "decision",
            unique=True,
            where="state = 'open'",
        ),
        CheckConstraint("state IN ('open','decided','superseded','withdrawn','held')", name="state"),
        CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
        CheckConstraint("assurance IN ('A','B','C')", name="assurance"),
    )

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id", index=True)
    decision: str
    version_id: int = Field(foreign_key="version.id")
    frozen: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """What is agreed if it is approved, frozen with the version: milestones (id → ISO date), measures (id → baseline
    and target) and savings (line id → year → low, expected, high in pence)."""
    asked_by: int = Field(foreign_key="person.id")
    opened_at: dt.datetime = Field(sa_type=Moment)
    deadline: dt.datetime = Field(sa_type=Moment)
    state: str = "open"
    outcome: str | None = None
    assurance: str = Field(default="A", max_length=1)
    """How sure the service must be who decides: frozen with the version, from the gate and the money at stake (point 10)."""
    closed_at: dt.datetime | None = Field(default=None, sa_type=Moment)


class Slot(Table, table=True):
    """One seat on the board of one request, and whose it is."""

    __table_args__ = (
        UniqueConstraint("request_id", "person_id"),
        CheckConstraint("(vacated_at IS NULL) = (vacated_why IS NULL)", name="vacated"),
    )

    id: int | None = Field(default=None, primary_key=True)
    request_id: int = Field(foreign_key="decision_request.id")
    person_id: int = Field(foreign_key="person.id", index=True)
    role: str
    vacated_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    """Its member left or may no longer decide, and nobody took the seat: it no longer counts towards the quorum."""
    vacated_why: str | None = None


class Link(Table, table=True):
    """A link in a mail. Only the digest of its token is kept. A slot has at most one live link."""

    __table_args__ = (
        partial(
            "uq_link_live",
            "slot_id",
            unique=True,
            where=LIVE_LINK,
        ),
        partial(
            "uq_link_question",
            "project_id",
            "consultee",
            unique=True,
            where=LIVE_QUESTION,
        ),
        partial("ix_link_question", "project_id", "consultee", where="project_id IS NOT NULL"),
        partial("ix_link_idea", "idea_id", where="idea_id IS NOT NULL"),
        CheckConstraint("purpose IN ('decide','dispute','sign_in','consult','idea')", name="purpose"),
        CheckConstraint("(purpose = 'decide') = (slot_id IS NOT NULL)", name="slot"),
        CheckConstraint("(purpose = 'dispute') = (vote_id IS NOT NULL)", name="vote"),
        CheckConstraint("(purpose = 'consult') = (consultee IS NOT NULL)", name="consultee"),
        CheckConstraint("(consultee IS NULL) = (project_id IS NULL)", name="question"),
        CheckConstraint("(purpose = 'idea') = (idea_id IS NOT NULL)", name="idea"),
    )

    id: int | None = Field(default=None, primary_key=True)
    digest: str = Field(unique=True, max_length=64)
    purpose: str
    slot_id: int | None = Field(default=None, foreign_key="slot.id")
    vote_id: int | None = Field(default=None, foreign_key="vote.id")
    project_id: int | None = Field(default=None, foreign_key="project.id")
    consultee: str | None = None
    """With `project_id`: the consultation it answers, by its key."""
    idea_id: int | None = Field(default=None, foreign_key="idea.id")
    person_id: int = Field(foreign_key="person.id", index=True)
    """Whose link it is: the member's, or their deputy's."""
    address: str
    issued_at: dt.datetime = Field(sa_type=Moment)
    expires_at: dt.datetime = Field(sa_type=Moment)
    used_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    revoked_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    revoked_why: str | None = None
    message_id: str = ""


class VoteRow(Table, table=True):
    """What one member decided. Append-only by trigger; one a slot, and a slot belongs to one version."""

    __tablename__ = "vote"
    __table_args__ = (
        UniqueConstraint("slot_id"),
        Index("uq_vote_person", "request_id", "person_id", unique=True),
    )

    id: int | None = Field(default=None, primary_key=True)
    request_id: int = Field(foreign_key="decision_request.id", index=True)
    version_id: int = Field(foreign_key="version.id")
    slot_id: int = Field(foreign_key="slot.id")
    person_id: int = Field(foreign_key="person.id")
    """Who decided: the seat's member, or a deputy for them. A person decides once, however many seats they stand in for."""
    choice: str
    reason: str = ""
    conditions: list[str] = Field(default_factory=list, sa_type=JSON)
    at: dt.datetime = Field(sa_type=Moment)
    assurance: str = Field(max_length=1)
    address: str
    user_agent: str = ""
    message_id: str = ""
    late: bool = False
    """Cast after the board had decided: recorded, changes nothing."""


class Code(Table, table=True):
    """A six-digit code mailed to the address on record, for assurance B. Only its digest is kept; five tries."""

    __table_args__ = (CheckConstraint("tries BETWEEN 0 AND 5", name="tries"),)

    id: int | None = Field(default=None, primary_key=True)
    link_id: int = Field(foreign_key="link.id", index=True)
    digest: str = Field(max_length=64)
    issued_at: dt.datetime = Field(sa_type=Moment)
    expires_at: dt.datetime = Field(sa_type=Moment)
    tries: int = 0
    used_at: dt.datetime | None = Field(default=None, sa_type=Moment)


class Condition(Table, table=True):
    """A condition of an approval, tracked until it is discharged."""

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id", index=True)
    vote_id: int = Field(foreign_key="vote.id")
    text: str
    set_at: dt.datetime = Field(sa_type=Moment)
    discharged_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    discharged_by: int | None = Field(default=None, foreign_key="person.id")
    how: str = ""


class Dispute(Table, table=True):
    """Somebody said a vote was not theirs. Freezes the project until an administrator settles it."""

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id", index=True)
    vote_id: int = Field(foreign_key="vote.id", unique=True)
    at: dt.datetime = Field(sa_type=Moment)
    settled_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    settled_by: int | None = Field(default=None, foreign_key="person.id")
    note: str = ""
