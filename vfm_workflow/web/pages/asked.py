"""A consultee answers from a link in a mail: GET and HEAD show, only a whole form answers (§2.2.5)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from vfm_workflow.domain import advice
from vfm_workflow.errors import AlreadyDecided, BadInput, LinkDead, NotAllowed
from vfm_workflow.journeys import consulting, links, questions
from vfm_workflow.journeys.consulting import Opened
from vfm_workflow.store import attachments, projects
from vfm_workflow.web import held_links
from vfm_workflow.web.held_links import MINUTES, Kind
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()
LINK = Kind("consult", "/consult")


@router.api_route("/c/{token}", methods=["GET", "HEAD"])
def open_from_mail(visit: Page, token: str) -> Response:
    """Note in this browser that it holds the link, and go on to a page whose address holds no token."""
    try:
        with visit.read() as session:
            link_id = links.look_up(session, token, "consult").id or 0
    except LinkDead as dead:
        return held_links.unknown(visit, dead)
    return LINK.hold(visit, link_id)


@router.api_route("/consult/{link_id}", methods=["GET", "HEAD"])
def show(visit: Page, link_id: RowId) -> Response:
    """Show what is asked, or what became of it. Records nothing."""
    if not LINK.holds(visit, link_id):
        return LINK.not_held(visit)
    with visit.read() as session:
        opened = consulting.open_link(session, visit.home, link_id)
        if opened.answered:
            return _recorded(visit, session, opened, "done")
        if (dead := _why_dead(visit, session, opened)) is not None:
            return LINK.dead(visit, link_id, dead, _about(opened))
        return _form(visit, session, opened)


@router.post("/consult/{link_id}")
def answer(visit: Page, form: Form, link_id: RowId) -> Response:
    """Record a whole answer; an empty or half one changes nothing and is shown again with what is missing."""
    LINK.limit_computer(visit)
    if not LINK.holds(visit, link_id):
        return LINK.not_held(visit, [form.get("answer", "")])
    LINK.limit_link(visit, link_id)
    with visit.read() as session:
        opened = consulting.open_link(session, visit.home, link_id)
        if not opened.answered and (dead := _why_dead(visit, session, opened)) is not None:
            return LINK.dead(visit, link_id, dead, _about(opened))
        try:
            said = advice.read_advice(form.only("stance"), form.get("answer", ""))
            if not LINK.fresh(visit, form, link_id):
                raise BadInput({"stance": held_links.STALE})
        except BadInput as error:
            if opened.answered:
                return _recorded(visit, session, opened, "again")
            return _form(visit, session, opened, errors=error.fields, typed=form)
    return _record(visit, form, link_id, said)


def _record(visit: Visit, form: Typed, link_id: int, said: advice.Advice) -> Response:
    agent = visit.request.headers.get("user-agent", "")
    try:
        with visit.write() as session:
            done = consulting.answer(
                session, visit.home, link_id, said, visit.at, user_agent=agent, signed_in=visit.actor
            )
    except AlreadyDecided as different:
        return _after(visit, link_id, "different", different.status)
    except NotAllowed as refused:  # a shared mailbox, and nobody who reads it is signed in
        with visit.read() as session:
            opened = consulting.open_link(session, visit.home, link_id)
            return _form(visit, session, opened, errors={"form": str(refused)}, typed=form, status=403)
    except LinkDead as dead:  # it died between the look and the lock
        return LINK.dead(visit, link_id, dead)
    return _after(visit, link_id, "again") if done.again else visit.go(f"/consult/{link_id}")


@router.post("/consult/{link_id}/again")
def send_again(visit: Page, form: Form, link_id: RowId) -> Response:
    """Mail a new link in place of an expired one, to the address on record. Says the same whoever asks."""
    if LINK.again(visit, form, link_id):
        with visit.write() as session:
            consulting.send_again(session, visit.home, link_id, visit.at)
    return held_links.sent_again(visit)


def _why_dead(visit: Visit, session: Session, opened: Opened) -> LinkDead | None:
    try:
        consulting.refuse_dead(session, visit.home, opened, visit.at)
    except LinkDead as dead:
        return dead
    return None


def _about(opened: Opened) -> str:
    return f"{opened.title}: {opened.project.title} ({opened.project.reference})"


def _head(visit: Visit, session: Session, opened: Opened) -> dict[str, Any]:
    project = opened.project
    return {
        "opened": opened,
        "project": project,
        "department_name": projects.department(session, project.department).name,
        "labels": advice.LABELS,
    }


def _form(
    visit: Visit,
    session: Session,
    opened: Opened,
    *,
    errors: dict[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 422,
) -> Response:
    outline = consulting.outline_now(session, visit.home, opened.project, visit.at)
    row, link_id = opened.row, opened.link.id or 0
    assert row is not None
    names = projects.names(session, [row.asked_by, opened.project.manager_id, opened.project.sponsor_id])
    context = {
        **_head(visit, session, opened),
        "row": row,
        "names": names,
        "outline": outline,
        "files": attachments.listing(session, projects.key(opened.project), "outline"),
        "choices": [(key, advice.LABELS[key], advice.HINTS[key]) for key in advice.STANCES],
        "past": row.deadline is not None and row.deadline < visit.today,
        "sign_in": _must_sign_in(visit, session, opened),
        "nonce": LINK.nonce(visit, link_id),
        "minutes": MINUTES,
    }
    status = status if errors else 200
    return visit.page("asked/consult.html", context, status=status, errors=errors, typed=typed)


def _must_sign_in(visit: Visit, session: Session, opened: Opened) -> bool:
    """Return whether this is a shared mailbox's link, and nobody who reads the mailbox is signed in."""
    try:
        questions.holder(session, opened.link, opened.person, visit.actor)
    except NotAllowed:
        return True
    return False


def _recorded(visit: Visit, session: Session, opened: Opened, how: str, status: int = 200) -> Response:
    context = {
        **_head(visit, session, opened),
        "row": opened.row,
        "replaced": opened.link.revoked_at is not None,
        "how": how,
    }
    return visit.page("asked/consulted.html", context, status=status)


def _after(visit: Visit, link_id: int, how: str, status: int = 200) -> Response:
    with visit.read() as session:
        return _recorded(visit, session, consulting.open_link(session, visit.home, link_id), how, status)
