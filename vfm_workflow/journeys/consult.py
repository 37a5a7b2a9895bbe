"""Who is consulted before proposing (§2.2.5), and what customers said (§4.9.1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlmodel import Session

from vfm_workflow.domain.calendar import short_day
from vfm_workflow.domain.forms import parse_date
from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys import advance, consulting, gate
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.writing import writable
from vfm_workflow.store import consultations as store
from vfm_workflow.store import evidence as evidence_store
from vfm_workflow.store import history, links, projects
from vfm_workflow.store.tables import Consultation, Evidence, Person, Project


def ask(
    session: Session,
    home: Home,
    reference: str,
    consultee_key: str,
    by: Actor,
    at: dt.datetime,
    *,
    person: str = "",
    working_days: str = "",
) -> Consultation:
    """Ask a consultee; return the consultation. `person` is the work address of whoever gets the link to answer.

    Without one it is only recorded that they were asked by other means. `working_days` is the deadline as typed, the
    council's own where it is empty. Raises NotFound, BadInput, or NotAllowed where they were asked before.
    """
    title = _title(home, consultee_key)
    project = writable(session, home, reference, by, "consultations", "outline.edit")
    row = session.get(Consultation, (projects.key(project), consultee_key))
    if row is not None:
        raise NotAllowed(f"{title} was asked on {short_day(row.asked_on)} already.")
    asked, days = _whom(session, home, project, consultee_key, person, working_days)
    today = home.calendar.today(at)
    row = Consultation(
        project_id=projects.key(project),
        key=consultee_key,
        person_id=projects.key(asked) if asked else None,
        asked_on=today,
        asked_by=by.id,
        deadline=home.calendar.today(home.calendar.deadline(at, days)) if asked else None,
    )
    session.add(row)
    session.flush()
    detail = {"consultee": title}
    if asked is not None and row.deadline is not None:
        detail |= {"person": asked.name, "address": asked.address, "deadline": row.deadline.isoformat()}
        consulting.mail_link(session, home, row, "consultation_asked", at)
    history.record(session, project, history.Entry("consultee_asked", by, at, "", detail))
    return row


def _whom(
    session: Session, home: Home, project: Project, key: str, address: str, working_days: str
) -> tuple[Person | None, int]:
    """Return (who is asked by mail, the deadline in working days), as they were typed. Raises BadInput."""
    fields = Fields({f"person_{key}": address, f"days_{key}": working_days})
    days = fields.read(f"days_{key}", "The deadline", parse_working_days)
    people = {row.address: row for row in candidates(session, home, project)}
    asked = people.get(address.strip().lower())
    if address.strip() and asked is None:
        fields.refuse(f"person_{key}", "Choose somebody who may answer, and who is not the project’s own")
    fields.finish()
    return asked, days if days is not None else home.outline.consulting.answer_working_days


def parse_working_days(text: str) -> int:
    """Return a number of working days. Raises ValueError with “must …”."""
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 60:
        raise ValueError("must be a number of working days from 1 to 60")
    return int(text)


def candidates(session: Session, home: Home, project: Project) -> list[Person]:
    """Return whoever may be asked for advice on a project: their role answers, and it is not their own project."""
    roles = {key for key, spec in home.roles.items() if "consultation.answer" in spec.may}
    own = (project.manager_id, project.sponsor_id)
    return [person for person in store.people(session, roles) if person.id not in own]


def usual(session: Session, home: Home, project: Project) -> dict[str, str]:
    """Return consultee's key → the address offered first: the council's own choice, else who was asked last."""
    people = {projects.key(row): row.address for row in candidates(session, home, project)}
    last = {key: people[who] for key, who in store.last_asked(session).items() if who in people}
    named = {entry.key: entry.asks.lower() for entry in home.outline.consultees}
    return {key: asks if asks in people.values() else last.get(key, "") for key, asks in named.items()}


def take_back(
    session: Session, home: Home, reference: str, consultee_key: str, by: Actor, at: dt.datetime
) -> None:
    """Take back a question that nobody has answered, so that it holds up nothing. Raises NotFound or NotAllowed."""
    title = _title(home, consultee_key)
    project = writable(session, home, reference, by, "consultations", "outline.edit")
    row = _asked(session, project, consultee_key, title)
    if row.answered_on is not None:
        raise NotAllowed(f"{title} answered on {short_day(row.answered_on)}: the answer stays.")
    links.revoke(session, consulting.question(row), "the question was taken back", at)
    session.delete(row)
    session.flush()
    entry = history.Entry("consultation_taken_back", by, at, "", {"consultee": title})
    history.record(session, project, entry)


def send_again(
    session: Session, home: Home, reference: str, consultee_key: str, by: Actor, at: dt.datetime
) -> str:
    """Mail a new link to whoever is asked; return their address. Raises NotFound or NotAllowed."""
    title = _title(home, consultee_key)
    project = writable(session, home, reference, by, "consultations", "outline.edit")
    row = _asked(session, project, consultee_key, title)
    return consulting.send_to(session, home, project, row, at).address


def answer(
    session: Session, home: Home, reference: str, consultee_key: str, by: Actor, at: dt.datetime, text: str
) -> Consultation:
    """Record a consultee's answer; return it. The consultee gives it, or the project manager records it for them.

    A later answer replaces it; the history keeps both. Raises BadInput where it is empty, NotFound (nobody asked them)
    or NotAllowed.
    """
    title = _title(home, consultee_key)
    project = projects.by_reference(session, reference)
    found = session.get(Consultation, (projects.key(project), consultee_key))
    own = found is not None and is_asked(session, home, found, by)
    if own:
        takes_answers(session, home, project)
    else:
        writable(session, home, reference, by, "consultations", "outline.edit")
    row = _asked(session, project, consultee_key, title)
    fields = Fields({consultee_key: text})
    said = fields.text(consultee_key, "The answer", required=f"Write what {title} answered")
    fields.finish()
    if row.answer == said:
        return row
    links.revoke(session, consulting.question(row), "an answer was recorded meanwhile", at, used=True)
    row.answer, row.answered_on, row.answered_by = said, home.calendar.today(at), by.id
    session.flush()
    detail = {"consultee": title, "answer": said, "recorded_for_them": not own}
    history.record(session, project, history.Entry("consultee_answered", by, at, "", detail))
    if own:
        consulting.tell_manager(session, home, project, row, by, at)
    return row


def is_asked(session: Session, home: Home, row: Consultation, by: Actor) -> bool:
    """Return whether a consultation asks `by`: by name, through a mailbox they read, or, where it names nobody, by role."""
    if row.person_id is None:
        return may(home.roles, by, "consultation.answer")
    return row.person_id == by.id or links.reads(session, row.person_id, by.id)


def takes_answers(session: Session, home: Home, project: Project) -> None:
    """Raise NotAllowed where the project's stage takes no answers."""
    advance.refuse_disputed(project)
    lifecycle = home.lifecycle(session, project)
    if not gate.is_open_for(lifecycle, project, consulting.WORK):
        stage = lifecycle.stages[project.stage].title
        raise NotAllowed(f"{project.reference} is in the stage {stage}, which does not take changes to this.")


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
