"""Somebody leaves, or hands over what they have: it all goes to a named successor, and every way in is closed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor, RoleSpec
from vfm_workflow.errors import BadInput, NotFound
from vfm_workflow.journeys import deputies, reseat
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.people import must_edit, refuse_last_administrator
from vfm_workflow.mail.filters import listed
from vfm_workflow.store import history, projects, tokens
from vfm_workflow.store import people as store
from vfm_workflow.store.tables import Consultation, Department, Person, Project

COMMAND_LINE = "The command line"


@dataclass(frozen=True)
class Estate:
    """What waits for somebody and must wait for somebody else once they have gone."""

    managed: Sequence[Project]
    sponsored: Sequence[Project]
    headed: Sequence[Department]
    asked: Sequence[tuple[Consultation, str]]
    """Consultations that wait for their answer, each with its project's reference."""

    @property
    def is_empty(self) -> bool:
        return not (self.managed or self.sponsored or self.headed or self.asked)

    @property
    def said(self) -> str:
        """Such as `manage VFM-0001 and VFM-0003, head Street Scene`."""
        parts = [
            ("manage", [project.reference for project in self.managed]),
            ("sponsor", [project.reference for project in self.sponsored]),
            ("head", [department.name for department in self.headed]),
            ("are asked about", [reference for _, reference in self.asked]),
        ]
        return ", ".join(f"{verb} {listed(things)}" for verb, things in parts if things)


@dataclass(frozen=True, slots=True)
class Left:
    """Who left, who took over, and how much of it there was."""

    name: str
    successor: str
    projects: tuple[str, ...]
    departments: tuple[str, ...]
    sessions: int
    links: int


def estate(session: Session, home: Home, person: Person) -> Estate:
    """Return what is somebody's: projects that have not ended, departments, questions without an answer."""
    key = projects.key(person)
    live = [p for p in store.projects_of(session, key) if not _ended(session, home, p)]
    return Estate(
        [project for project in live if project.manager_id == key],
        [project for project in live if project.sponsor_id == key],
        store.headed_by(session, key),
        store.consultations_of(session, key),
    )


def _ended(session: Session, home: Home, project: Project) -> bool:
    stage = home.lifecycle(session, project).stages.get(project.stage)
    return stage is not None and stage.kind == "ended"


def leave(
    session: Session, home: Home, address: str, by: Actor | None, at: dt.datetime, *, successor: str = ""
) -> Left:
    """Let somebody leave; return what went to `successor` (a work address). `by` is None at the command line.

    Sessions and deputyships end, links die, waiting facts and questions go to the successor. What they decided stays.
    Raises NotAllowed, NotFound, or BadInput: without a successor it lists what is theirs.
    """
    must_edit(home, by, "let people leave")
    person = projects.person_by_address(session, address)
    refuse_last_administrator(session, home, person)
    theirs = estate(session, home, person)
    heir = named(session, home, person, theirs, successor)
    key, name = projects.key(person), person.name
    if heir is not None:
        hand_over(session, home, person, heir, theirs, f"{name} left", by, at)
    # while they are still here: a seat that waits for them passes to the successor, or is given up
    reseat.hand_over(session, home, key, projects.key(heir) if heir is not None else None, at)
    person.active, person.left_at = False, at
    session.flush()
    sessions = store.end_sessions(session, key, at)
    links = store.revoke_links(session, key, f"{name} has left", at)
    ended = tokens.end(session, key, at)
    deputies.end_unfit(session, home, person, at, by)
    _pass_mailboxes(session, key, heir, at, by)
    left = Left(
        name,
        heir.name if heir else "",
        tuple(dict.fromkeys(p.reference for p in (*theirs.managed, *theirs.sponsored))),
        tuple(department.code for department in theirs.headed),
        sessions,
        links,
    )
    detail = {
        "successor": left.successor,
        "projects": left.projects,
        "departments": left.departments,
        "sessions_ended": sessions,
        "links_revoked": links,
        "tokens_ended": ended,
        "grants_ended": store.end_grants(session, key),
        "facts_passed_on": store.pass_facts(session, key, heir.id if heir else None),
    }
    store.note(session, key, "left", detail, at, by)
    reseat.reconcile(session, home, at)
    return left


def named(session: Session, home: Home, person: Person, theirs: Estate, successor: str) -> Person | None:
    """Return the named successor, None where none is named or needed. Raises BadInput (`successor`)."""
    if not successor.strip():
        if theirs.is_empty:
            return None
        raise BadInput({"successor": f"Say who takes over from {person.name}. They {theirs.said}"})
    try:
        heir = projects.person_by_address(session, successor)
    except NotFound as error:
        raise BadInput({"successor": str(error)}) from error
    unfit = next(_unfit(home, person, heir, theirs), None)
    if unfit is not None:
        raise BadInput({"successor": unfit})
    return heir


def _unfit(home: Home, person: Person, heir: Person, theirs: Estate) -> Iterator[str]:
    """Yield why somebody cannot take over."""
    title = home.role_title(heir.role)
    if heir.id == person.id:
        yield "Nobody takes over from themselves: choose somebody else"
    if heir.shared:
        yield f"{heir.name} is a shared mailbox: choose one person"
    if (theirs.managed or theirs.sponsored or theirs.headed) and not answers(home.roles.get(heir.role)):
        yield f"{heir.name} is {title}, a role that does not see every project: choose somebody else"
    both = [p.reference for p in theirs.managed if p.sponsor_id == heir.id]
    both += [p.reference for p in theirs.sponsored if p.manager_id == heir.id]
    if both:
        yield f"{heir.name} would both manage and sponsor {listed(both)}: choose somebody else"
    if theirs.asked and not _holds(home.roles.get(heir.role), "consultation.answer"):
        yield f"{heir.name} is {title}, a role that answers no consultation: choose somebody else"


def answers(role: RoleSpec | None) -> bool:
    """Return whether a role may answer for projects: it sees all of them."""
    return role is not None and role.may.get("project.read") == "all"


def _holds(role: RoleSpec | None, permission: str) -> bool:
    return role is not None and permission in role.may


def hand_over(
    session: Session,
    home: Home,
    person: Person,
    heir: Person,
    theirs: Estate,
    why: str,
    by: Actor | None,
    at: dt.datetime,
) -> None:
    """Make `heir` manager, sponsor and head of all that is somebody's. The caller reconciles the open decisions."""
    fresh = projects.key(heir)
    for project in theirs.managed:
        project.manager_id = fresh
        _record(session, project, "manager_changed", person, heir, why, by, at)
    for project in theirs.sponsored:
        project.sponsor_id = fresh
        _record(session, project, "sponsor_changed", person, heir, why, by, at)
    for department in theirs.headed:
        department.head_id = fresh
    for question, _ in theirs.asked:
        question.person_id = fresh
        asked = {"consultee": home.outline.title_of("consultees", question.key)}
        project = projects.by_id(session, question.project_id)
        _record(session, project, "consultation_passed_on", person, heir, why, by, at, asked)
    session.flush()
    things = {
        "projects": list(dict.fromkeys(p.reference for p in (*theirs.managed, *theirs.sponsored))),
        "departments": [department.code for department in theirs.headed],
        "consultations": [reference for _, reference in theirs.asked],
    }
    store.note(session, projects.key(person), "handed_over", {"to": heir.name, **things}, at, by)
    store.note(session, fresh, "took_over", {"from": person.name, **things}, at, by)


def _record(
    session: Session,
    project: Project,
    event: str,
    person: Person,
    heir: Person,
    why: str,
    by: Actor | None,
    at: dt.datetime,
    more: Mapping[str, str] | None = None,
) -> None:
    detail = {**(more or {}), "from": person.name, "from_id": person.id, "to": heir.name, "to_id": heir.id}
    history.record(session, project, history.Entry(event, by, at, why, detail, name=COMMAND_LINE))


def _pass_mailboxes(
    session: Session, person_id: int, heir: Person | None, at: dt.datetime, by: Actor | None
) -> None:
    """Take a leaver out of the shared mailboxes they read; the successor reads in their place."""
    store.set_readers(session, person_id, [], at, by)
    for mailbox in store.mailboxes_of(session, person_id):
        key = projects.key(mailbox)
        kept = [projects.key(each) for each in store.readers(session, key) if each.id != person_id]
        if heir is not None and heir.id != key:
            kept.append(projects.key(heir))
        store.set_readers(session, key, kept, at, by)
