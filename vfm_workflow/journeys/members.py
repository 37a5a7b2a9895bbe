"""Who works on a project beside its manager and sponsor: partners, mentors, members of its Board."""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session

from vfm_workflow.domain.roles import MEMBER_ROLES, Actor
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys import access
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import history, projects
from vfm_workflow.store.tables import Project, ProjectMember


def add(
    session: Session, home: Home, reference: str, address: str, role: str, by: Actor, at: dt.datetime
) -> ProjectMember:
    """Add somebody to a project in a role of MEMBER_ROLES; return the row. Raises NotFound, NotAllowed or BadInput."""
    project = _editable(session, home, reference, by)
    wrong: dict[str, str] = {}
    person_id = projects.person_id(session, address)
    if person_id is None:
        wrong["address"] = "Choose who works on the project"
    if role not in MEMBER_ROLES:
        titles = ", ".join(home.role_title(known) for known in MEMBER_ROLES)
        wrong["role"] = f"Choose what they are: one of {titles}"
    if wrong or person_id is None:
        raise BadInput(wrong)
    person = projects.person(session, person_id)
    if person.role == "administrator":
        raise BadInput({"address": "An administrator keeps the system, and has no part in a project"})
    if session.get(ProjectMember, (projects.key(project), person_id, role)) is not None:
        raise BadInput({"address": f"The {person.name} is there already as {home.role_title(role).lower()}"})
    row = ProjectMember(
        project_id=projects.key(project), person_id=person_id, role=role, added_at=at, added_by=by.id
    )
    session.add(row)
    session.flush()
    _note(session, home, project, "member_added", person.name, role, by, at)
    return row


def remove(
    session: Session, home: Home, reference: str, person_id: int, role: str, by: Actor, at: dt.datetime
) -> None:
    """Take somebody off a project: they see it no more than their own role lets them. Raises NotFound or NotAllowed."""
    project = _editable(session, home, reference, by)
    row = session.get(ProjectMember, (projects.key(project), person_id, role))
    if row is None:
        raise NotFound(f"{project.reference} has no such member.")
    session.delete(row)
    session.flush()
    _note(session, home, project, "member_removed", projects.person(session, person_id).name, role, by, at)


def _note(
    session: Session,
    home: Home,
    project: Project,
    event: str,
    name: str,
    role: str,
    by: Actor,
    at: dt.datetime,
) -> None:
    detail = {"person": name, "role": home.role_title(role)}
    history.record(session, project, history.Entry(event, by, at, "", detail))


def _editable(session: Session, home: Home, reference: str, by: Actor) -> Project:
    project = access.seen(session, home, reference, by)
    if not access.allowed(session, home, by, "members.edit", project):
        raise NotAllowed(
            f"You may not say who works on {project.reference}. Its project manager or Head of Service may."
        )
    return project
