"""Mails that did not arrive: reports are taken in, whoever waits for an answer hears of it, and somebody looks into each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.errors import BadInput, NotAllowed
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.posting import people_for, post, project_view
from vfm_workflow.mail import bounces
from vfm_workflow.mail.notify import reference_of
from vfm_workflow.mail.notify_receipt import Receipt
from vfm_workflow.store import bounces as store
from vfm_workflow.store import outbox, projects
from vfm_workflow.store.outbox import NewMail
from vfm_workflow.store.tables import OutboxMail, Person

NOTICE = "mail_undelivered"
ASKING = frozenset(
    {
        "decision_asked",
        "decision_reminded",
        "decision_superseded",
        "decision_passed",
        "consultation_asked",
        "consultation_reminded",
        "idea_asked",
    }
)
"""Mails that somebody waits to have answered: where one does not arrive, the project stands still and nobody knows why."""
LOOK_BACK = dt.timedelta(days=14)
"""What went wrong longer ago is on the page of undelivered mail, and no longer news."""
MOST_NOTE = 1000


@dataclass(frozen=True, slots=True)
class Taken:
    """What was read from one report: about which mail (None where it fits none), and whether it was new."""

    report: bounces.Report
    mail_id: int | None
    new: bool


def take(session: Session, data: bytes, at: dt.datetime) -> list[Taken]:
    """Take in a mail that came back; return what it says, an empty list where it reports nothing.

    Reading the same report twice changes nothing. Who has to hear of it hears at the next tick.
    """
    taken = []
    for report in bounces.read(data):
        mail = store.match(session, report.envelope_id, report.message_ids, report.recipient)
        new = store.add(
            session,
            report=report.key,
            mail=mail,
            at=at,
            kind=report.kind,
            status=report.status,
            recipient=report.recipient,
            said=report.said,
        )
        taken.append(Taken(report, mail.id if mail is not None else None, new))
    return taken


def receive(session: Session, receipt: Receipt, at: dt.datetime) -> bool:
    """Take in what GOV.UK Notify tells of a mail; return whether it was news. One that arrived needs no word.

    A receipt is matched by the number and the digest in our reference together: another installation that sends by the
    same service has other digests. One that fits no mail of ours is kept apart, as a bounce is.
    """
    if receipt.kind is None:
        return False
    return store.add(
        session,
        report=receipt.key,
        mail=_meant(session, receipt),
        at=at,
        kind=receipt.kind,
        status=receipt.status,
        recipient=receipt.recipient,
        said=receipt.said,
    )


def _meant(session: Session, receipt: Receipt) -> OutboxMail | None:
    found = session.get(OutboxMail, receipt.mail_id) if receipt.mail_id is not None else None
    if found is None or found.id is None or reference_of(found.id, found.message_id) != receipt.reference:
        return None
    return found


def tick(session: Session, home: Home, at: dt.datetime) -> list[NewMail]:
    """Tell whoever manages the project, and the administrators, of each mail that asked for an answer and did not arrive.

    Once for each mail and person; the person whose mail it was cannot be told. Return the mails written.
    """
    written = []
    for lost in store.lost_since(session, at - LOOK_BACK, ASKING):
        for person in _told(session, home, lost):
            key = (NOTICE, "once", f"mail:{lost.id}", projects.key(person))
            if outbox.say(session, [key], home.calendar.today(at), at):
                written.append(_tell(session, home, lost, person, at))
    return written


def _told(session: Session, home: Home, lost: store.Lost) -> Iterator[Person]:
    roles = [key for key, spec in home.roles.items() if "mail.retry" in spec.may]
    found = {projects.key(person): person for person in projects.people_in(session, roles)}
    if lost.project_id is not None:
        project = projects.by_id(session, lost.project_id)
        found |= people_for(session, None, project, ["project_manager"])
    for person_id, person in sorted(found.items()):
        if person_id != lost.person_id and person.active:
            yield person


def _tell(session: Session, home: Home, lost: store.Lost, person: Person, at: dt.datetime) -> NewMail:
    project = projects.by_id(session, lost.project_id) if lost.project_id is not None else None
    reader = projects.person(session, lost.person_id) if lost.person_id is not None else None
    opens = may(home.roles, projects.actor(person), "mail.read")
    context = {
        "project": project_view(home, project) if project is not None else None,
        "about": lost.subject,
        "to": lost.to,
        "reader": reader.name if reader is not None else lost.to,
        "said": lost.said,
        "hard": lost.kind == "hard",
        "link": home.url(f"/mail/{lost.id}") if opens else "",
    }
    return post(session, home, NOTICE, person, context, at, project)


def deal(
    session: Session, home: Home, mail_id: int, note: str, by: Actor | None, at: dt.datetime
) -> OutboxMail:
    """Note that a mail which did not arrive needs nothing more, and why; return it. `by` is None at the command line.

    Raises NotAllowed, NotFound, or BadInput where the note is missing or too long.
    """
    if by is not None and not may(home.roles, by, "mail.retry"):
        raise NotAllowed("You may not settle a mail that did not arrive. An administrator may.")
    clean = " ".join(note.split())
    if not clean:
        raise BadInput({"note": "Write what was done about it, such as “told by telephone”"})
    if len(clean) > MOST_NOTE:
        raise BadInput({"note": f"Write {MOST_NOTE} characters or fewer"})
    return store.deal(session, mail_id, by.id if by is not None else None, clean, at)
