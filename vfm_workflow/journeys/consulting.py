"""A consultee is asked by a link in a mail and answers by it (§2.2.5; decisions by email, points 4 to 8, 11, 12)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain import snapshot as snapshots
from vfm_workflow.domain import summary as summaries
from vfm_workflow.domain.advice import Advice
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import AlreadyDecided, LinkDead, NotAllowed
from vfm_workflow.journeys import gate, questions
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.posting import leave_fact, post, project_view
from vfm_workflow.store import consultations, decisions, history, outbox, projects
from vfm_workflow.store import links as store
from vfm_workflow.store.links import Question
from vfm_workflow.store.projects import AnyProject
from vfm_workflow.store.tables import Consultation, Link, Person, Project

WORK = {"consultations"}
AGAIN_WORKING_DAYS = 5
"""How long a new link works that is asked for after the deadline."""
MOST_ITEM = 300


@dataclass(frozen=True)
class Opened:
    """A link, opened: whose it is, and what it asks."""

    link: Link
    person: Person
    project: Project
    row: Consultation | None
    """None where the question was taken back."""
    title: str

    @property
    def answered(self) -> bool:
        """Whether this link was answered by."""
        return self.link.used_at is not None


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer did; `again` where it was recorded already."""

    row: Consultation
    again: bool


def question(row: Consultation) -> Question:
    """Return what a link to answer a consultation asks."""
    return Question("consult", row.project_id, row.key)


def outline_now(session: Session, home: Home, project: AnyProject, at: dt.datetime) -> snapshots.Snapshot:
    """Return the outline as it stands at this moment, in the shape of a frozen one."""
    facts = gate.load_facts(session, home, project, snapshots.SUBJECTS["outline"].needs, at)
    return snapshots.freeze("outline", facts)


def mail_link(
    session: Session,
    home: Home,
    row: Consultation,
    notice: str,
    at: dt.datetime,
    extra: Mapping[str, Any] | None = None,
) -> Link:
    """Mint a link to answer a consultation, revoke the one before, and mail it to the address on record; return it."""
    assert row.person_id is not None and row.deadline is not None
    project, person = projects.by_id(session, row.project_id), projects.person(session, row.person_id)
    expires = home.calendar.moment(row.deadline, home.calendar.rules.decision_mail.to)
    if expires <= at:
        expires = home.calendar.deadline(at, AGAIN_WORKING_DAYS)
    link, token = questions.mint(session, home, question(row), person, at, expires)
    context = {
        "project": project_view(home, project),
        "consultation": {
            "title": home.outline.title_of("consultees", row.key),
            "deadline": row.deadline,
            "shared": person.shared,
        },
        "summary": summaries.rows(outline_now(session, home, project, at)),
        "link": home.url(f"/c/{token}"),
        "asked_by": projects.person(session, row.asked_by).name,
        **(extra or {}),
    }
    link.message_id = post(session, home, notice, person, context, at, project).message_id
    session.flush()
    return link


def open_link(session: Session, home: Home, link_id: int) -> Opened:
    """Return what a link shows, dead or alive, changing nothing. Raises LinkDead where there is none."""
    link = questions.find(session, link_id, "consult")
    assert link.project_id is not None and link.consultee is not None
    project = projects.by_id(session, link.project_id)
    row = session.get(Consultation, (link.project_id, link.consultee))
    title = home.outline.title_of("consultees", link.consultee)
    return Opened(link, projects.person(session, link.person_id), project, row, title)


def refuse_dead(session: Session, home: Home, opened: Opened, at: dt.datetime) -> None:
    """Raise LinkDead, saying why and what to do next, where a link that was not used can answer nothing."""
    project = opened.project
    lifecycle = home.lifecycle(session, project)
    stage = lifecycle.stages.get(project.stage)
    if project.disputed_at is not None or (stage is not None and stage.kind == "held"):
        raise LinkDead(
            "held", "The project stands still at the moment. Your link works again when it goes on."
        )
    questions.refuse_dead(opened.link, opened.person, at)
    if opened.row is None or opened.row.answered_on is not None:
        raise LinkDead("revoked", "This question is no longer open. Nothing is needed from you.")
    if not gate.is_open_for(lifecycle, project, WORK):
        raise LinkDead("revoked", "The outline is past consultation. Nothing is needed from you.")


def answer(
    session: Session,
    home: Home,
    link_id: int,
    advice: Advice,
    at: dt.datetime,
    *,
    user_agent: str = "",
    signed_in: Actor | None = None,
) -> Answered:
    """Record what a consultee answers by their link, once; return it. Everything that follows happens with it.

    The same answer again returns the first, changing nothing. Raises LinkDead, AlreadyDecided (showing the first) or
    NotAllowed (a shared mailbox, and nobody who reads it is signed in).
    """
    opened = open_link(session, home, link_id)
    store.lock_project(session, projects.key(opened.project))
    opened = open_link(session, home, link_id)  # again: somebody may have been first while we waited
    if opened.answered:
        return _again(opened, advice)
    refuse_dead(session, home, opened, at)
    by = questions.holder(session, opened.link, opened.person, signed_in)
    if not decisions.spend(session, opened.link, at):
        raise LinkDead("used", "This link was used a moment ago. Open it again to see what was recorded.")
    row = opened.row
    assert row is not None
    row.answer, row.answered_on, row.answered_by = advice.written, home.calendar.today(at), by.id
    session.flush()
    history.record(session, opened.project, _entry(opened, advice, by, at, user_agent))
    tell_manager(session, home, opened.project, row, by, at)
    _receipt(session, home, opened, row, at)
    return Answered(row, False)


def _again(opened: Opened, advice: Advice) -> Answered:
    row = opened.row
    if row is not None and row.answer == advice.written:
        return Answered(row, True)
    raise AlreadyDecided("Your answer was recorded already. It stands; nothing was changed.")


def _entry(opened: Opened, advice: Advice, by: Actor, at: dt.datetime, user_agent: str) -> history.Entry:
    detail: dict[str, Any] = {
        "consultee": opened.title,
        "answer": advice.written,
        "stance": advice.stance,
        "recorded_for_them": False,
        "by_link": True,
        "assurance": "A",
        "address": opened.link.address,
        "user_agent": user_agent[:300],
        "message_id": opened.link.message_id,
    }
    if opened.person.shared:
        detail["mailbox"] = opened.person.name
    return history.Entry("consultee_answered", by, at, "", detail)


def tell_manager(
    session: Session, home: Home, project: Project, row: Consultation, by: Actor, at: dt.datetime
) -> None:
    """Leave the answer for the project manager's next digest."""
    today = home.calendar.today(at).isoformat()
    item = {
        "project": project.reference,
        "page": f"/consultations#{row.key}",
        "consultee": home.outline.title_of("consultees", row.key),
        "by": by.name,
        "on": today,
        "answer": summaries.shorten(row.answer, MOST_ITEM),
    }
    subject = f"{project.reference}:{row.key}:{project.revision}"
    leave_fact(session, "consultation_answered", today, subject, [project.manager_id], item, at)


def _receipt(session: Session, home: Home, opened: Opened, row: Consultation, at: dt.datetime) -> None:
    """Mail the consultee what was recorded in their name; no live link inside."""
    context = {
        "project": project_view(home, opened.project),
        "consultation": {"title": opened.title, "deadline": row.deadline, "shared": opened.person.shared},
        "answer": row.answer,
        "answered_at": at,
        "assurance": f"by the link sent to {opened.link.address}, level A",
    }
    post(session, home, "consultation_receipt", opened.person, context, at, opened.project)


def send_again(session: Session, home: Home, link_id: int, at: dt.datetime) -> bool:
    """Send a new link in place of an expired one, to the address on record only. Return whether one went.

    Nothing is said to the asker either way, so that the page teaches a stranger nothing.
    """
    opened = open_link(session, home, link_id)
    row = opened.row
    newest = store.newest(session, store.of_link(opened.link))
    if row is None or row.answered_on is not None or newest is None or newest.id != opened.link.id:
        return False
    try:
        refuse_dead(session, home, opened, at)
    except LinkDead as dead:
        if dead.kind == "expired":
            _remind(session, home, row, at)
            return True
    return False


def send_to(session: Session, home: Home, project: Project, row: Consultation, at: dt.datetime) -> Link:
    """Mail a fresh link to whoever is asked, at the wish of somebody signed in. Raises NotAllowed where nothing is open."""
    if row.answered_on is not None or row.person_id is None or row.deadline is None:
        raise NotAllowed("Nothing waits for an answer by link here.")
    if not gate.is_open_for(home.lifecycle(session, project), project, WORK):
        raise NotAllowed(f"{project.reference} takes no answers at the moment.")
    return _remind(session, home, row, at)


def _remind(session: Session, home: Home, row: Consultation, at: dt.datetime) -> Link:
    assert row.deadline is not None
    left = home.calendar.working_days_between(home.calendar.today(at), row.deadline)
    return mail_link(session, home, row, "consultation_reminded", at, {"working_days_left": max(left, 0)})


def stage_left(session: Session, home: Home, project: AnyProject, at: dt.datetime) -> None:
    """The project moved to a stage that takes no answers: kill the links that asked for them."""
    stage = home.lifecycle(session, project).stages[project.stage]
    if stage.kind != "held" and not WORK & set(stage.asks_for):
        asked = Question("consult", projects.key(project))
        store.revoke(session, asked, f"the project is at “{stage.title}” now", at)


def tick(session: Session, home: Home, at: dt.datetime) -> Iterator[tuple[str, Link]]:
    """Mail what open consultations need at `at`; yield each (notice, link).

    Reminders, each of its days once and the missed ones folded; and a link for whoever is asked now, where the question
    went to somebody else before or to an address they no longer have.
    """
    today = home.calendar.today(at)
    for row, project, person in consultations.waiting(session):
        if not person.active or not gate.is_open_for(home.lifecycle(session, project), project, WORK):
            continue
        last = store.newest(session, question(row))
        if last is None or (last.person_id, last.address) != (person.id, person.address):
            yield "consultation_asked", mail_link(session, home, row, "consultation_asked", at)
            continue
        day = _reminder_day(home, row, today)
        if day is None:
            continue
        subject = f"{project.reference}:{row.key}:{row.asked_on}"
        key = ("consultation_reminded", day.isoformat(), subject, projects.key(person))
        if outbox.say(session, [key], today, at):
            yield "consultation_reminded", _remind(session, home, row, at)


def _reminder_day(home: Home, row: Consultation, today: dt.date) -> dt.date | None:
    """Return the newest reminder day that has come, up to the deadline's own day; None before the first."""
    if row.deadline is None or today > row.deadline:
        return None
    before = home.outline.consulting.remind_working_days_before
    days = [home.calendar.add_working_days(row.deadline, -n) for n in before]
    return max((day for day in days if row.asked_on < day <= today), default=None)
