"""The one way a mail is written: rendered, frozen into bytes and put into the outbox, in the caller's transaction."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.lifecycle import Lifecycle
from vfm_workflow.journeys.home import Home
from vfm_workflow.mail import message
from vfm_workflow.mail.render import Rendered
from vfm_workflow.store import access, outbox, projects
from vfm_workflow.store.outbox import NewMail
from vfm_workflow.store.projects import AnyProject, ProjectRow
from vfm_workflow.store.tables import Person


def project_view(home: Home, project: AnyProject) -> dict[str, str]:
    """Return what a mail says of a project."""
    return {
        "reference": project.reference,
        "title": project.title,
        "department": project.department,
        "url": home.url(f"/projects/{project.reference}"),
    }


def post(
    session: Session,
    home: Home,
    notice: str,
    person: Person,
    context: Mapping[str, Any],
    at: dt.datetime,
    project: AnyProject | None = None,
    calendar: message.CalendarPart | None = None,
) -> NewMail:
    """Write the at-once mail `notice` to `person`; return it. It leaves in the hours the notice allows."""
    spec = home.catalogue.notices[notice]
    rendered = home.renderer.render(
        notice,
        {
            "person": {"name": person.name, "address": person.address},
            "why": spec.why,
            "council": {"name": home.council_name, "base_url": home.base_url},
            **context,
            **_of(session, context, project),
        },
    )
    not_before = at if spec.hours == "any" else home.calendar.business_moment(at)
    return write(
        session, home, notice, person, rendered, at, not_before, project, spec.why, calendar=calendar
    )


def _of(session: Session, context: Mapping[str, Any], project: AnyProject | None) -> dict[str, Any]:
    """Return what `context` says of the project with its department by name: whoever reads a mail knows no codes."""
    if project is None or "project" not in context:
        return {}
    named = projects.department(session, project.department).name
    return {"project": {**context["project"], "department": named}}


def write(
    session: Session,
    home: Home,
    notice: str,
    person: Person,
    rendered: Rendered,
    at: dt.datetime,
    not_before: dt.datetime,
    project: AnyProject | None,
    why: str,
    digest: message.DigestList | None = None,
    calendar: message.CalendarPart | None = None,
) -> NewMail:
    """Freeze a rendered mail into its final bytes and put it into the outbox; return the mail."""
    message_id = f"<{uuid.uuid4().hex}@{home.mail_domain}>"
    thread = message.thread_root(project.uuid, home.mail_domain) if project else None
    manager = projects.person(session, project.manager_id) if project else None
    data = message.build(
        message_id=message_id,
        date=at,
        sender=message.Mailbox(home.mail_from_name, home.mail_from),
        to=message.Mailbox(person.name, person.address),
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        thread=thread,
        reply_to=_replies_to(home, person, manager),
        digest=digest,
        calendar=calendar,
    )
    mail = NewMail(
        message_id=message_id,
        notice=notice,
        why=why,
        sender=home.mail_from,
        to=person.address,
        person_id=person.id,
        project_id=project.id if project else None,
        subject=rendered.subject,
        data=data,
        created_at=at,
        not_before=not_before,
    )
    outbox.add(session, mail)
    return mail


def _replies_to(home: Home, person: Person, manager: Person | None) -> message.Mailbox | None:
    """Return who reads a reply: the project's manager, or the mailbox the council named; None for the sender's own."""
    if manager is not None and manager.id != person.id:
        return message.Mailbox(manager.name, manager.address)
    return message.Mailbox(home.mail_from_name, home.mail_reply_to) if home.mail_reply_to else None


def people_for(
    session: Session, lifecycle: Lifecycle | None, project: AnyProject, roles: Iterable[str]
) -> dict[int, Person]:
    """Return the active people who hold `roles` on a project, by id: its own manager and head, and whoever holds the
    others everywhere. `stage_owner` is whoever the project waits for."""
    wanted = set(roles)
    if "stage_owner" in wanted and lifecycle is not None:
        wanted.discard("stage_owner")
        owner = lifecycle.stages[project.stage].owner if project.stage in lifecycle.stages else None
        wanted.update({owner} if owner else ())
    ids = set[int]()
    if "project_manager" in wanted:
        ids.add(project.manager_id)
    if "head_of_service" in wanted:
        head = projects.department(session, project.department).head_id
        ids.add(head if head is not None else project.sponsor_id)
    if added := wanted & {"partner", "mentor"}:  # theirs are the projects they were added to, and no other
        ids |= access.member_ids(session, projects.key(project), added)
    everywhere = wanted - {"project_manager", "head_of_service", "stage_owner", "partner", "mentor"}
    found = [projects.person(session, person_id) for person_id in sorted(ids)]
    found += projects.people_in(session, everywhere)
    return {person.id: person for person in found if person.active and person.id is not None}


def leave_fact(
    session: Session,
    job: str,
    period: str,
    subject: str,
    people: Sequence[int],
    item: Mapping[str, Any],
    at: dt.datetime,
) -> None:
    """Leave a fact that an event caused, to be said in each person's next digest."""
    outbox.leave(session, job, period, subject, people, item, at)


def holders(session: Session, lifecycle: Lifecycle, project: AnyProject, roles: Sequence[str]) -> set[int]:
    """Return the ids of whoever holds `roles` on a project, as `people_for` does; leavers may be among them."""
    if isinstance(project, ProjectRow) and set(roles) <= {"project_manager", "head_of_service"}:
        own = {"project_manager": project.manager_id, "head_of_service": project.head_id}
        return {own[role] for role in roles}
    return set(people_for(session, lifecycle, project, roles))
