"""A project begins, and is described."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from sqlmodel import Session

from vfm_workflow.domain.outline import Written
from vfm_workflow.domain.roles import Actor
from vfm_workflow.domain.texts import clean, one_line
from vfm_workflow.errors import BadInput, NotAllowed
from vfm_workflow.journeys import access, writing
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import history
from vfm_workflow.store import projects as store
from vfm_workflow.store.projects import Desk, ProjectRow
from vfm_workflow.store.tables import Project

MOST_TITLE = 200
MOST_SUMMARY = 500


def create(
    session: Session,
    home: Home,
    *,
    title: str,
    kind: str,
    department: str,
    manager: str,
    by: Actor,
    at: dt.datetime,
    sponsor: str = "",
    summary: str = "",
    partner: str = "",
    priorities: Sequence[str] = (),
    planned_days: int | None = None,
) -> ProjectRow:
    """Begin a project in the first stage of its kind's lifecycle; return it.

    `manager` and `sponsor` are work addresses; without a sponsor it is the head of the department (§7.2).
    Raises NotAllowed, or BadInput naming each field that cannot be used.
    """
    fields: dict[str, str] = {}
    title, summary, partner = one_line(title), clean(summary), one_line(partner)
    if not title:
        fields["title"] = "Write a title"
    elif len(title) > MOST_TITLE:
        fields["title"] = f"The title must be {MOST_TITLE} characters or fewer"
    if len(summary) > MOST_SUMMARY:
        fields["summary"] = f"The summary must be {MOST_SUMMARY} characters or fewer"
    if kind not in {entry.key for entry in home.outline.kinds}:
        kinds = ", ".join(entry.key for entry in home.outline.kinds)
        fields["kind"] = f"Choose the kind of project: one of {kinds}"
    found = store.desk(session, department)
    if found is None:
        codes = ", ".join(entry.code for entry in store.departments(session))
        fields["department"] = f"Choose the department: one of {codes}"
    unknown = [name for name in priorities if name not in home.outline.priorities]
    if unknown:
        fields["priorities"] = f"“{unknown[0]}” is not one of the council's priorities"
    lead = _person(session, manager, fields, "manager", "the project manager's work address")
    head = _sponsor(session, sponsor, found, fields)
    if fields or found is None or lead is None or head is None:
        raise BadInput(fields)
    if not _may_create(home, by, found):
        raise NotAllowed(
            f"You may not begin a project in {found.name}. Its Head of Service or a project manager may."
        )
    lifecycle = home.lifecycle_for(kind)
    values = {
        "uuid": str(uuid.uuid4()),
        "title": title,
        "summary": summary,
        "kind": kind,
        "department": found.code,
        "partner": partner,
        "priorities": list(priorities),
        "manager_id": lead,
        "sponsor_id": head,
        "lifecycle": home.publish(session, lifecycle, at),
        "stage": lifecycle.document.first_stage,
        "planned_days": planned_days,
        "created_by": by.id,
    }
    project = store.insert(session, values, at)
    detail = {"title": title, "kind": kind, "lifecycle": lifecycle.digest}
    history.record(session, project, history.Entry("created", by, at, "", detail))
    return project


def _person(session: Session, address: str, fields: dict[str, str], name: str, what: str) -> int | None:
    found = store.person_id(session, address)
    if found is None:
        fields[name] = f"Write {what}; nobody here has “{address}”" if address.strip() else f"Write {what}"
    return found


def _sponsor(session: Session, address: str, department: Desk | None, fields: dict[str, str]) -> int | None:
    if address.strip():
        return _person(session, address, fields, "sponsor", "the sponsor's work address")
    if department is not None and department.head_id is None:
        fields["sponsor"] = f"{department.name} has no head yet: write the sponsor's work address"
    return department.head_id if department is not None else None


def _may_create(home: Home, by: Actor, department: Desk) -> bool:
    scope = home.roles[by.role].may.get("project.create") if by.role in home.roles else None
    return scope == "all" or (scope is not None and by.department == department.code)


def create_from(
    session: Session,
    home: Home,
    written: Written,
    *,
    by: Actor,
    at: dt.datetime,
    manager: str = "",
    sponsor: str = "",
    title: str = "",
    kind: str = "",
    department: str = "",
) -> ProjectRow:
    """Begin a project from an outline written elsewhere; return it. What is named here wins over the file's head."""
    project = create(
        session,
        home,
        title=title or written.title,
        kind=kind or written.kind,
        department=department or written.department or by.department,
        manager=manager or by.address,
        sponsor=sponsor,
        by=by,
        at=at,
    )
    for key, text in written.sections.items():
        writing.save_section(session, home, project.reference, "outline", key, text, by, at)
    for key, evidence in written.criteria.items():
        writing.save_criterion(session, home, project.reference, key, evidence, by, at)
    return project


def open_project(session: Session, home: Home, reference: str, actor: Actor) -> Project:
    """Return the project. Raises NotFound also where the actor may not know that there is one."""
    return access.seen(session, home, reference, actor)
