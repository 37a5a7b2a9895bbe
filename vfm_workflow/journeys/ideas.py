"""Members propose ideas, and each is owed a reply (§14.1): the head of the service is asked for it by link."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from vfm_workflow.domain.calendar import short_day
from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.errors import AlreadyDecided, LinkDead, NotAllowed, NotFound
from vfm_workflow.journeys import questions
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.posting import post
from vfm_workflow.store import decisions, projects
from vfm_workflow.store import ideas as store
from vfm_workflow.store import links as link_store
from vfm_workflow.store.ideas import Proposed
from vfm_workflow.store.links import Question
from vfm_workflow.store.tables import Idea, Link, Person

__all__ = ["Proposed", "listing", "propose", "reply"]


@dataclass(frozen=True)
class Opened:
    """A link to reply, opened: whose it is, the idea, and who had it."""

    link: Link
    person: Person
    idea: Idea
    author: Person

    @property
    def answered(self) -> bool:
        """Whether this link was replied by."""
        return self.link.used_at is not None


@dataclass(frozen=True, slots=True)
class Replied:
    """What a reply did; `again` where it was recorded already."""

    idea: Idea
    again: bool


def propose(
    session: Session, home: Home, by: Actor, at: dt.datetime, text: str, department: str = ""
) -> Idea:
    """Put an idea into the inbox, and ask for the reply; return it. `department` is the service's code, or empty.

    Raises NotAllowed for who is no Member, or BadInput.
    """
    if not may(home.roles, by, "ideas.create"):
        raise NotAllowed(
            "Ideas come from Members. Tell the portfolio holder or a member of the VFM Group yours."
        )
    codes = {row.code: row.code for row in projects.departments(session)}
    fields = Fields({"text": text, "department": department})
    said = fields.text("text", "The idea", required="Write your idea")
    code = fields.choice("department", codes, "Choose one of the services") if department.strip() else None
    fields.finish()
    row = Idea(on=home.calendar.today(at), by=by.id, text=said, department=code)
    session.add(row)
    session.flush()
    if (person := addressee(session, row)) is not None:
        _mail_link(session, home, row, person, at)
    return row


def addressee(session: Session, idea: Idea) -> Person | None:
    """Return who owes the reply: the head of the service, else the chief executive; None where there is neither."""
    if idea.department is not None:
        head = projects.department(session, idea.department).head_id
        person = projects.person(session, head) if head is not None else None
        if person is not None and person.active:
            return person
    return next(iter(projects.people_in(session, ["chief_executive"])), None)


def _question(idea: Idea) -> Question:
    return Question("idea", idea_id=idea.id)


def _mail_link(session: Session, home: Home, idea: Idea, person: Person, at: dt.datetime) -> Link:
    expires = home.calendar.deadline(at, home.outline.consulting.idea_working_days)
    link, token = questions.mint(session, home, _question(idea), person, at, expires)
    author = projects.person(session, idea.by)
    context = {"idea": _view(session, idea, author), "link": home.url(f"/i/{token}")}
    link.message_id = post(session, home, "idea_asked", person, context, at).message_id
    session.flush()
    return link


def _view(session: Session, idea: Idea, author: Person) -> dict[str, object]:
    service = projects.department(session, idea.department).name if idea.department else ""
    return {"text": idea.text, "by": author.name, "on": idea.on, "service": service}


def open_link(session: Session, link_id: int) -> Opened:
    """Return what a link shows, dead or alive, changing nothing. Raises LinkDead where there is none."""
    link = questions.find(session, link_id, "idea")
    idea = session.get(Idea, link.idea_id)
    assert idea is not None
    return Opened(link, projects.person(session, link.person_id), idea, projects.person(session, idea.by))


def refuse_dead(opened: Opened, at: dt.datetime) -> None:
    """Raise LinkDead, saying why and what to do next, where a link that was not used can reply to nothing."""
    questions.refuse_dead(opened.link, opened.person, at)
    if opened.idea.replied_on is not None:
        raise LinkDead("revoked", "The idea has had its reply. Nothing is needed from you.")


def reply_by_link(
    session: Session, home: Home, link_id: int, at: dt.datetime, text: str, signed_in: Actor | None = None
) -> Replied:
    """Record the reply by a link, once; return it. The same again returns the first, changing nothing.

    Raises BadInput where it is empty, LinkDead, AlreadyDecided or NotAllowed (a shared mailbox, nobody signed in).
    """
    said = _said(text)
    link_store.lock_row(session, Idea, open_link(session, link_id).idea.id)
    opened = open_link(session, link_id)
    if opened.answered:
        if opened.idea.reply == said:
            return Replied(opened.idea, True)
        raise AlreadyDecided("Your reply was recorded already. It stands; nothing was changed.")
    refuse_dead(opened, at)
    by = questions.holder(session, opened.link, opened.person, signed_in)
    if not decisions.spend(session, opened.link, at):
        raise LinkDead("used", "This link was used a moment ago. Open it again to see what was recorded.")
    _record(session, home, opened.idea, by, at, said)
    return Replied(opened.idea, False)


def reply(session: Session, home: Home, idea_id: int, by: Actor, at: dt.datetime, text: str) -> Idea:
    """Reply to an idea, once; return it. Raises NotFound, BadInput, or NotAllowed (not theirs, or replied already)."""
    if not may(home.roles, by, "ideas.reply"):
        raise NotAllowed("A Head of Service or a member of CMT replies to ideas.")
    link_store.lock_row(session, Idea, idea_id)
    row = session.get(Idea, idea_id)
    if row is None:
        raise NotFound("There is no such idea.")
    if row.replied_on is not None:
        who = projects.person(session, row.replied_by).name if row.replied_by is not None else "somebody"
        raise NotAllowed(f"The {who} replied on {short_day(row.replied_on)} already: {row.reply}")
    said = _said(text)
    link_store.revoke(session, _question(row), "the idea has had its reply", at)
    _record(session, home, row, by, at, said)
    return row


def _said(text: str) -> str:
    fields = Fields({"text": text})
    said = fields.text("text", "The reply", required="Write the reply")
    fields.finish()
    return said


def _record(session: Session, home: Home, idea: Idea, by: Actor, at: dt.datetime, said: str) -> None:
    """Keep the reply, and mail it to the Member, and to whoever gave it as their receipt."""
    idea.reply, idea.replied_on, idea.replied_by = said, home.calendar.today(at), by.id
    session.flush()
    author = projects.person(session, idea.by)
    context = {"idea": _view(session, idea, author), "reply": said, "by": by.name, "page": home.url("/ideas")}
    for person_id in dict.fromkeys((idea.by, by.id)):
        person = projects.person(session, person_id)
        if person.active:
            post(session, home, "idea_replied", person, context, at)


def send_again(session: Session, home: Home, link_id: int, at: dt.datetime) -> bool:
    """Send a new link in place of an expired one, to the address on record only. Return whether one went."""
    opened = open_link(session, link_id)
    newest = link_store.newest(session, _question(opened.idea))
    if opened.answered or newest is None or newest.id != opened.link.id:
        return False
    try:
        refuse_dead(opened, at)
    except LinkDead as dead:
        if dead.kind == "expired":
            _mail_link(session, home, opened.idea, opened.person, at)
            return True
    return False


def tick(session: Session, home: Home, at: dt.datetime) -> Iterator[tuple[str, Link]]:
    """Mail a link to whoever owes a reply now, where it went to somebody else; yield each (notice, link)."""
    for idea in store.waiting(session):
        person = addressee(session, idea)
        last = link_store.newest(session, _question(idea))
        if person is None or (
            last is not None and (last.person_id, last.address) == (person.id, person.address)
        ):
            continue
        yield "idea_asked", _mail_link(session, home, idea, person, at)


def listing(session: Session) -> Sequence[Proposed]:
    """Return every idea with who had it and who replied: those still owed a reply first, oldest first, then the rest."""
    return store.listing(session)
