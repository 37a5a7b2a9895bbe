"""Who is consulted before proposing (§2.2.5), and what customers said (§4.9.1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlmodel import Session

from vfm_workflow.domain.calendar import short_day
from vfm_workflow.domain.forms import parse_date
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys import access
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.writing import writable
from vfm_workflow.store import evidence as evidence_store
from vfm_workflow.store import history, projects
from vfm_workflow.store.tables import Consultation, Evidence, Project


def ask(
    session: Session, home: Home, reference: str, consultee_key: str, by: Actor, at: dt.datetime
) -> Consultation:
    """Record that a consultee was asked; return it. Raises NotFound, or NotAllowed where they were asked before."""
    title = _title(home, consultee_key)
    project = writable(session, home, reference, by, "consultations", "outline.edit")
    row = session.get(Consultation, (projects.key(project), consultee_key))
    if row is not None:
        raise NotAllowed(f"{title} was asked on {short_day(row.asked_on)} already.")
    row = Consultation(
        project_id=projects.key(project), key=consultee_key, asked_on=home.calendar.today(at), asked_by=by.id
    )
    session.add(row)
    session.flush()
    entry = history.Entry("consultee_asked", by, at, "", {"consultee": title})
    history.record(session, project, entry)
    return row


def take_back(
    session: Session, home: Home, reference: str, consultee_key: str, by: Actor, at: dt.datetime
) -> None:
    """Take back a question that nobody has answered, so that it holds up nothing. Raises NotFound or NotAllowed."""
    title = _title(home, consultee_key)
    project = writable(session, home, reference, by, "consultations", "outline.edit")
    row = _asked(session, project, consultee_key, title)
    if row.answered_on is not None:
        raise NotAllowed(f"{title} answered on {short_day(row.answered_on)}: the answer stays.")
    session.delete(row)
    session.flush()
    entry = history.Entry("consultation_taken_back", by, at, "", {"consultee": title})
    history.record(session, project, entry)


def answer(
    session: Session, home: Home, reference: str, consultee_key: str, by: Actor, at: dt.datetime, text: str
) -> Consultation:
    """Record a consultee's answer; return it. The consultee gives it, or the project manager records it for them.

    A later answer replaces it; the history keeps both. Raises BadInput where it is empty, NotFound (nobody asked them)
    or NotAllowed.
    """
    title = _title(home, consultee_key)
    project = projects.by_reference(session, reference)
    own = access.allowed(session, home, by, "consultation.answer", project)
    permission = "consultation.answer" if own else "outline.edit"
    writable(session, home, reference, by, "consultations", permission)
    row = _asked(session, project, consultee_key, title)
    fields = Fields({consultee_key: text})
    said = fields.text(consultee_key, "The answer", required=f"Write what {title} answered")
    fields.finish()
    if row.answer == said:
        return row
    row.answer, row.answered_on, row.answered_by = said, home.calendar.today(at), by.id
    session.flush()
    detail = {"consultee": title, "answer": said, "recorded_for_them": not own}
    history.record(session, project, history.Entry("consultee_answered", by, at, "", detail))
    return row


def _title(home: Home, key: str) -> str:
    if key not in {consultee.key for consultee in home.outline.consultees}:
        raise NotFound(f"There is no consultee “{key}”.")
    return home.outline.title_of("consultees", key)


def _asked(session: Session, project: Project, key: str, title: str) -> Consultation:
    row = session.get(Consultation, (projects.key(project), key))
    if row is None:
        raise NotFound(f"{title} has not been asked about {project.reference}.")
    return row


def evidence(session: Session, project: Project) -> Sequence[Evidence]:
    """Return what customers said about a project's service, newest first."""
    return evidence_store.of(session, projects.key(project))


def evidence_add(
    session: Session,
    home: Home,
    reference: str,
    by: Actor,
    at: dt.datetime,
    *,
    source: str,
    on: str,
    group: str,
    finding: str,
) -> Evidence:
    """Add a piece of customers' evidence; return it. `on` is a date as typed.

    Raises BadInput naming every bad field, NotFound or NotAllowed. `domain.evidence.evidence_warning` says where the
    rows together are thin.
    """
    project = writable(session, home, reference, by, "consultations", "outline.edit")
    fields = Fields({"source": source, "on": on, "group": group, "finding": finding})
    heard = fields.line(
        "source", "The source", required="Write where it comes from, such as Residents' survey"
    )
    who = fields.line("group", "The group", required="Write who was heard, such as Tenants or All households")
    said = fields.text("finding", "The finding", required="Write what they said")
    day = fields.read("on", "The date", parse_date, required="Write when it was heard")
    if day is not None and day > home.calendar.today(at):
        fields.refuse("on", f"The date must not be after today: {short_day(day)} is still to come")
    fields.finish()
    if day is None:
        raise BadInput({"on": "Write when it was heard"})
    row = Evidence(project_id=projects.key(project), source=heard, on=day, group=who, finding=said)
    session.add(row)
    session.flush()
    detail = {"id": row.id, "source": heard, "on": day.isoformat(), "group": who, "finding": said}
    history.record(session, project, history.Entry("evidence_added", by, at, "", detail))
    return row


def evidence_remove(
    session: Session, home: Home, reference: str, evidence_id: int, by: Actor, at: dt.datetime
) -> None:
    """Remove a piece of evidence; the history keeps that it was there. Raises NotFound or NotAllowed."""
    project = writable(session, home, reference, by, "consultations", "outline.edit")
    row = session.get(Evidence, evidence_id)
    if row is None or row.project_id != project.id:
        raise NotFound(f"{project.reference} has no such evidence.")
    session.delete(row)
    session.flush()
    detail = {"id": evidence_id, "source": row.source, "finding": row.finding}
    history.record(session, project, history.Entry("evidence_removed", by, at, "", detail))
