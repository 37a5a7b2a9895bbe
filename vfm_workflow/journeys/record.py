"""A project's record of decisions, gathered: the same for its page, its print and its files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlmodel import Session

from vfm_workflow.domain.decisions import OUTCOME_LABELS
from vfm_workflow.domain.lifecycle import Lifecycle
from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.errors import NotFound
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.projects import open_project
from vfm_workflow.reports.decisions import Condition, Consultation, Decision, Record, Seat
from vfm_workflow.store import pages_record as store
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Project

STATES = {
    "open": "Waiting for the board",
    "superseded": "Superseded by a newer version",
    "withdrawn": "Withdrawn: no longer asked for",
    "held": "Put aside while the project was on hold",
}


def decisions(session: Session, home: Home, reference: str, by: Actor | None, at: dt.datetime) -> Record:
    """Return the record of a project's decisions as `by` may see it; None is the machine's operator.

    Raises NotFound, also where they may not know that there is such a project.
    """
    if by is None:
        return gather(session, home, projects.by_reference(session, reference), at)
    project = open_project(session, home, reference, by)
    if not may(home.roles, by, "decisions.read", projects.standing(project)):
        raise NotFound(f"There is no project {reference}.")
    return gather(session, home, project, at)


def gather(session: Session, home: Home, project: Project, at: dt.datetime) -> Record:
    """Return the record of a project's decisions."""
    lifecycle, key = home.lifecycle(session, project), projects.key(project)
    requests = store.requests(session, key)
    members = store.members(session, [request.id for request in requests])
    conditions = store.conditions(session, key)
    return Record(
        council=home.council_name,
        reference=project.reference,
        title=project.title,
        department=projects.department(session, project.department).name,
        made_at=at,
        decisions=tuple(
            _decision(home, lifecycle, request, members.get(request.id, []), conditions)
            for request in requests
        ),
        consultations=tuple(
            Consultation(home.outline.title_of("consultees", row[0]), *row[1:])
            for row in store.consultations(session, key)
        ),
    )


def _decision(
    home: Home,
    lifecycle: Lifecycle,
    request: store.Request,
    members: Sequence[store.Member],
    conditions: Sequence[store.ConditionRow],
) -> Decision:
    rule = lifecycle.decisions.get(request.decision)
    return Decision(
        id=request.id,
        title=rule.title if rule is not None else request.decision,
        version_id=request.version_id,
        version=request.version,
        digest=request.digest,
        asked_by=request.asked_by,
        asked_at=request.opened_at,
        deadline=request.deadline,
        level=request.assurance,
        outcome=STATES.get(request.state) or _label(request.outcome),
        closed_at=request.closed_at,
        open=request.state == "open",
        seats=tuple(_seat(home, member) for member in members),
        conditions=tuple(
            Condition(c.text, c.set_by, c.set_at, c.discharged_by or "", c.discharged_at, c.how)
            for c in conditions
            if c.request_id == request.id
        ),
    )


def _seat(home: Home, member: store.Member) -> Seat:
    return Seat(
        member=member.name,
        role=home.role_title(member.role),
        decided_by=member.seat if member.decided_by is not None else "",
        said=_label(member.choice),
        reason=member.reason or "",
        conditions=tuple(member.conditions or ()),
        at=member.at,
        level=member.assurance or "",
        known=member.known,
        mail=member.message_id or "",
        late=bool(member.late),
        vacated_at=member.vacated_at,
        vacated_why=member.vacated_why or "",
        disputed_at=member.disputed_at,
        settled_at=member.settled_at,
        settled_by=member.settled_by or "",
        finding=member.finding or "",
    )


def _label(choice: str | None) -> str:
    return {str(key): label for key, label in OUTCOME_LABELS.items()}.get(choice or "", choice or "")
