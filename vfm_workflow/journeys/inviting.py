"""Calendar entries of milestones: mailed when CMT has agreed one, again when its forecast moves, cancelled when it is over.

Computed from what is so now against what each person was mailed last, so that however much was missed while nothing ran,
one mail says how it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from sqlmodel import Session

from vfm_workflow.domain.calendar import short_day
from vfm_workflow.journeys import posting
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.now import Now
from vfm_workflow.mail import invitations
from vfm_workflow.mail.message import Mailbox
from vfm_workflow.store import invitations as store
from vfm_workflow.store import projects
from vfm_workflow.store.outbox import NewMail
from vfm_workflow.store.tables import Person, Project

INVITED, CANCELLED = "milestone_invitation", "milestone_cancelled"


def tick(session: Session, home: Home, now: Now) -> Iterator[NewMail]:
    """Mail each entry that is new, has changed or is over; yield the mails."""
    at = now.at
    for gone in store.unwanted(session, INVITED, now.today, _ended(now)):
        if gone.person_id in now.active:
            sequence = _note(session, gone, gone.day, at, cancelled=True)
            if sequence is not None:
                yield _cancel(session, home, now, gone, sequence, at)
    for entry in store.wanted(session, INVITED, now.today):
        subject = now.subjects[entry.project_id]
        if entry.person_id in now.active and now.stage_kind(subject) == "live":
            sequence = _note(session, entry, entry.day, at)
            if sequence is not None:
                yield _invite(session, home, entry, sequence, at)


def _ended(now: Now) -> list[tuple[str, str]]:
    """Return (lifecycle, stage) of every stage in which a project has ended."""
    return [
        (digest, key)
        for digest, lifecycle in now.lifecycles.items()
        for key, stage in lifecycle.stages.items()
        if stage.kind == "ended"
    ]


def _note(
    session: Session,
    entry: store.Wanted | store.Unwanted,
    day: dt.date,
    at: dt.datetime,
    cancelled: bool = False,
) -> int | None:
    return store.note(
        session,
        entry.milestone_id,
        entry.person_id,
        entry.sequence,
        day,
        entry.title,
        at,
        cancelled=cancelled,
    )


def _invite(session: Session, home: Home, entry: store.Wanted, sequence: int, at: dt.datetime) -> NewMail:
    more = {"day": entry.day, "was": entry.was if entry.was != entry.day else None}
    return _mail(session, home, INVITED, "REQUEST", entry, sequence, more, at)


def _cancel(
    session: Session, home: Home, now: Now, gone: store.Unwanted, sequence: int, at: dt.datetime
) -> NewMail:
    subject = now.subjects[gone.project_id]
    if gone.done_on is not None:
        reason = f"It was reached on {short_day(gone.done_on)}."
    elif now.stage_kind(subject) == "ended":
        stage = now.lifecycles[subject.lifecycle].stages[subject.stage]
        reason = f"The project has ended: {stage.title}."
    elif not gone.theirs:
        reason = "The project is somebody else’s now."
    else:
        reason = "Its date has changed, and you switched these entries off."
    return _mail(session, home, CANCELLED, "CANCEL", gone, sequence, {"day": gone.day, "reason": reason}, at)


def _mail(
    session: Session,
    home: Home,
    notice: str,
    method: Literal["REQUEST", "CANCEL"],
    entry: store.Wanted | store.Unwanted,
    sequence: int,
    more: Mapping[str, Any],
    at: dt.datetime,
) -> NewMail:
    project, person = projects.by_id(session, entry.project_id), projects.person(session, entry.person_id)
    link = home.url(f"/projects/{project.reference}/milestones")
    part = invitations.entry(
        method,
        uid=f"milestone-{project.uuid}-{entry.milestone_id}@{home.mail_domain}",
        sequence=sequence,
        day=entry.day,
        summary=f"{entry.title}: {project.title}",
        description=_description(project, link),
        url=link,
        organiser=Mailbox(home.mail_from_name, home.mail_from),
        attendee=_box(person),
        at=at,
    )
    context = {"project": posting.project_view(home, project), "milestone": entry.title, "link": link, **more}
    return posting.post(session, home, notice, person, context, at, project, calendar=part)


def _description(project: Project, link: str) -> str:
    return f"A milestone of {project.reference} {project.title}. Its forecast: {link}"


def _box(person: Person) -> Mailbox:
    return Mailbox(person.name, person.address)
