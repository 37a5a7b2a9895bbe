"""Those who neither write nor decide have their say: comments, challenges, advice, recommendations (domain §3, §14)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

from sqlmodel import Session

from vfm_workflow.domain.calendar import month_name, short_day
from vfm_workflow.domain.roles import Actor
from vfm_workflow.domain.summary import shorten
from vfm_workflow.errors import NotAllowed, NotFound
from vfm_workflow.journeys import access
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.posting import leave_fact, people_for
from vfm_workflow.journeys.projects import open_project
from vfm_workflow.store import history, projects
from vfm_workflow.store import links as locks
from vfm_workflow.store.tables import Project, Remark

PERMISSIONS: Mapping[str, str] = {
    "comment": "remark.comment",
    "challenge": "remark.challenge",
    "advice": "remark.advise",
    "recommendation": "remark.recommend",
}
"""Kind → who may make it."""
TITLES: Mapping[str, str] = {
    "comment": "Comment",
    "challenge": "Challenge",
    "advice": "Finance’s advice",
    "recommendation": "The Board’s recommendation",
}
DECISIONS: Mapping[str, str] = {
    "decision:outline": "The decision on the outline",
    "decision:recommendations": "The decision on the recommendations",
}
MOST_ITEM = 300


def kinds(session: Session, home: Home, by: Actor, project: Project) -> list[str]:
    """Return the kinds of remark that `by` may make on a project."""
    return [
        kind
        for kind, permission in PERMISSIONS.items()
        if access.allowed(session, home, by, permission, project)
    ]


def subject_title(subject: str) -> str:
    """Return what a remark is about, in words; the empty string for all of the project."""
    if subject.startswith("return:"):
        return f"The return for {month_name(subject.removeprefix('return:'))}"
    return DECISIONS.get(subject, "")


def make(
    session: Session,
    home: Home,
    reference: str,
    by: Actor,
    at: dt.datetime,
    *,
    kind: str,
    text: str,
    subject: str = "",
) -> Remark:
    """Make a remark on a project; return it. Raises NotFound, NotAllowed, or BadInput naming each bad field.

    Advice and recommendations are about a decision; what is there when a text is frozen is frozen with it.
    """
    project = open_project(session, home, reference, by)
    accepted = {found: found for found in kinds(session, home, by, project)}
    if not accepted:
        raise NotAllowed(f"Your role has no say on {project.reference} here.")
    fields = Fields({"kind": kind, "text": text, "subject": subject})
    chosen = fields.choice("kind", accepted, "Choose what it is")
    said = fields.text("text", "What you say", required="Write what you want to say")
    if chosen in ("advice", "recommendation"):
        fields.choice("subject", DECISIONS, "Choose which decision it is about")
    elif subject and not _is_subject(home, subject, at):
        fields.refuse("subject", "Choose what it is about")
    fields.finish()
    assert chosen is not None
    row = Remark(
        project_id=projects.key(project),
        kind=chosen,
        subject=subject,
        text=said,
        on=home.calendar.today(at),
        by=by.id,
    )
    session.add(row)
    session.flush()
    detail = {"id": row.id, "kind": chosen, "subject": subject, "text": said}
    history.record(session, project, history.Entry("remark_made", by, at, "", detail))
    _tell(session, home, project, row, by, at)
    return row


def _is_subject(home: Home, subject: str, at: dt.datetime) -> bool:
    if subject in DECISIONS:
        return True
    month = re.fullmatch(r"return:(20\d\d-(?:0[1-9]|1[0-2]))", subject)
    return month is not None and month[1] <= home.calendar.today(at).strftime("%Y-%m")


def _tell(session: Session, home: Home, project: Project, row: Remark, by: Actor, at: dt.datetime) -> None:
    """Leave the remark for the next digest of the manager, and of the head of service too where a reply is owed."""
    roles = ["project_manager", "head_of_service"] if row.kind == "challenge" else ["project_manager"]
    people = sorted(set(people_for(session, None, project, roles)) - {by.id})
    today = home.calendar.today(at).isoformat()
    item = {
        "project": project.reference,
        "page": f"/comments#remark_{row.id}",
        "kind": TITLES[row.kind],
        "by": by.name,
        "on": today,
        "text": shorten(row.text, MOST_ITEM),
    }
    leave_fact(session, "remark_made", today, f"remark:{row.id}", people, item, at)


def reply(
    session: Session, home: Home, reference: str, remark_id: int, by: Actor, at: dt.datetime, text: str
) -> Remark:
    """Reply to a challenge, once; return it. Raises NotFound, BadInput, or NotAllowed (not theirs, or replied already)."""
    project = open_project(session, home, reference, by)
    locks.lock_row(session, Remark, remark_id)
    row = session.get(Remark, remark_id)
    if row is None or row.project_id != projects.key(project) or row.kind != "challenge":
        raise NotFound(f"{project.reference} has no such challenge.")
    if not access.allowed(session, home, by, "remark.reply", project):
        raise NotAllowed("The project manager or the Head of Service replies to a challenge.")
    if row.replied_on is not None:
        raise NotAllowed(f"It was replied to on {short_day(row.replied_on)} already: {row.reply}")
    name = f"reply_{remark_id}"
    fields = Fields({name: text})
    said = fields.text(name, "The reply", required="Write the reply")
    fields.finish()
    row.reply, row.replied_on, row.replied_by = said, home.calendar.today(at), by.id
    session.flush()
    detail = {"id": row.id, "reply": said}
    history.record(session, project, history.Entry("challenge_replied", by, at, "", detail))
    today = home.calendar.today(at).isoformat()
    item = {
        "project": project.reference,
        "page": f"/comments#remark_{row.id}",
        "challenge": shorten(row.text, MOST_ITEM),
        "by": by.name,
        "on": today,
        "reply": shorten(said, MOST_ITEM),
    }
    leave_fact(session, "challenge_replied", today, f"remark:{row.id}", [row.by], item, at)
    return row
