"""Text that is exempt from publication (Local Government Act 1972, Schedule 12A): marking it, and leave to read it."""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session

from vfm_workflow.domain import snapshot as snapshots
from vfm_workflow.domain.calendar import short_day
from vfm_workflow.domain.forms import parse_date
from vfm_workflow.domain.outline import PARAGRAPHS
from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.domain.snapshot import Change, Snapshot
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys import access
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.writing import DOCUMENTS, writable
from vfm_workflow.store import access as store
from vfm_workflow.store import history, pages_forms, projects
from vfm_workflow.store.tables import ExemptGrant, Project, SectionText


def may_read(session: Session, home: Home, actor: Actor, project: Project, today: dt.date) -> bool:
    """Return whether somebody may read a project's exempt text: by role, by leave until a day, or to decide on it."""
    standing = store.standing(session, project)
    return may(home.roles, actor, "exempt.read", standing, today) or actor.id in standing.deciding


def shown(session: Session, project: Project, frozen: Snapshot, reads: bool) -> Snapshot:
    """Return a frozen text as it may be read: without `reads`, what was exempt then or has become so since is left out."""
    if reads:
        return frozen
    return snapshots.public(frozen, pages_forms.marks(session, projects.key(project), frozen["subject"]))


def changed(
    session: Session, project: Project, before: Snapshot, after: Snapshot, reads: bool
) -> list[Change]:
    """Return what differs between two frozen texts of a project, as it may be read."""
    if reads:
        return snapshots.differences(before, after)
    marks = pages_forms.marks(session, projects.key(project), after["subject"])
    return snapshots.public_differences(before, after, marks)


def mark(
    session: Session,
    home: Home,
    reference: str,
    document: str,
    key: str,
    paragraph: str,
    by: Actor,
    at: dt.datetime,
) -> None:
    """Mark a section as exempt under a paragraph (a key of PARAGRAPHS), or with an empty one as public.

    Raises NotFound, NotAllowed or BadInput.
    """
    sections = home.outline.sections(document) if document in DOCUMENTS else ()
    title = next((section.title for section in sections if section.key == key), None)
    if title is None:
        raise NotFound(f"There is no section “{key}” in the {document[:20]}.")
    if paragraph not in ("", *PARAGRAPHS):
        raise BadInput(
            {f"exempt_{key}": "Choose whether the section is public, or exempt under paragraph 3 or 4"}
        )
    project = writable(session, home, reference, by, document, "outline.edit")
    row = session.get(SectionText, (projects.key(project), document, key))
    if row is None:
        row = SectionText(
            project_id=projects.key(project),
            document=document,
            key=key,
            text="",
            updated_at=at,
            updated_by=by.id,
        )
        session.add(row)
    if row.exempt == paragraph:
        return
    row.exempt, row.updated_at, row.updated_by = paragraph, at, by.id
    session.flush()
    detail = {"document": document, "section": title, "paragraph": paragraph}
    history.record(session, project, history.Entry("section_marked", by, at, "", detail))


def grant(
    session: Session, home: Home, reference: str, address: str, until: str, by: Actor, at: dt.datetime
) -> ExemptGrant:
    """Give somebody leave to read the project's exempt text until a day, that day included; return it.

    A later day replaces an earlier one. Raises NotFound, NotAllowed, or BadInput naming each field.
    """
    project = _grantable(session, home, reference, by)
    fields = Fields({"address": address, "until": until})
    person_id = projects.person_id(session, address)
    if person_id is None:
        fields.refuse("address", "Choose who may read the exempt text")
    day = fields.read("until", "The last day", parse_date, required="Write the last day, like 31 12 2026")
    if day is not None and day < home.calendar.today(at):
        fields.refuse("until", f"The last day must not be before today: {short_day(day)} is over")
    fields.finish()
    assert person_id is not None and day is not None
    person = projects.actor(projects.person(session, person_id))
    if not may(home.roles, person, "project.read", store.standing(session, project)):
        raise BadInput(
            {"address": f"The {person.name} may not see this project, so leave to read it opens nothing"}
        )
    row = session.get(ExemptGrant, (projects.key(project), person_id))
    if row is None:
        row = ExemptGrant(
            project_id=projects.key(project),
            person_id=person_id,
            until_day=day,
            granted_at=at,
            granted_by=by.id,
        )
        session.add(row)
    else:
        row.until_day, row.granted_at, row.granted_by = day, at, by.id
    session.flush()
    detail = {"person": person.name, "until": day.isoformat()}
    history.record(session, project, history.Entry("exempt_granted", by, at, "", detail))
    return row


def end(session: Session, home: Home, reference: str, person_id: int, by: Actor, at: dt.datetime) -> None:
    """End somebody's leave to read the project's exempt text. Raises NotFound or NotAllowed."""
    project = _grantable(session, home, reference, by)
    row = session.get(ExemptGrant, (projects.key(project), person_id))
    if row is None:
        raise NotFound(f"{project.reference} has no such leave.")
    session.delete(row)
    session.flush()
    detail = {"person": projects.person(session, person_id).name}
    history.record(session, project, history.Entry("exempt_ended", by, at, "", detail))


def _grantable(session: Session, home: Home, reference: str, by: Actor) -> Project:
    project = access.seen(session, home, reference, by)
    if not access.allowed(session, home, by, "exempt.grant", project):
        raise NotAllowed(
            f"You may not give leave to read the exempt text of {project.reference}. Its Head of Service may."
        )
    return project
