"""The reply to a Member's idea is given from a link in a mail (§14.1): GET and HEAD show, only a whole form replies."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from vfm_workflow.errors import AlreadyDecided, BadInput, LinkDead, NotAllowed
from vfm_workflow.journeys import ideas, links, questions
from vfm_workflow.journeys.ideas import Opened
from vfm_workflow.store import projects
from vfm_workflow.web import held_links
from vfm_workflow.web.held_links import MINUTES, Kind
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()
LINK = Kind("idea", "/idea")


@router.api_route("/i/{token}", methods=["GET", "HEAD"])
def open_from_mail(visit: Page, token: str) -> Response:
    """Note in this browser that it holds the link, and go on to a page whose address holds no token."""
    try:
        with visit.read() as session:
            link_id = links.look_up(session, token, "idea").id or 0
    except LinkDead as dead:
        return held_links.unknown(visit, dead)
    return LINK.hold(visit, link_id)


@router.api_route("/idea/{link_id}", methods=["GET", "HEAD"])
def show(visit: Page, link_id: RowId) -> Response:
    """Show the idea, or the reply that was given. Records nothing."""
    if not LINK.holds(visit, link_id):
        return LINK.not_held(visit)
    with visit.read() as session:
        opened = ideas.open_link(session, link_id)
        if opened.answered:
            return _page(visit, session, opened, "done")
        if (dead := _why_dead(visit, opened)) is not None:
            return LINK.dead(visit, link_id, dead)
        return _page(visit, session, opened, "ask")


@router.post("/idea/{link_id}")
def reply(visit: Page, form: Form, link_id: RowId) -> Response:
    """Record a whole reply; an empty one changes nothing and is shown again."""
    LINK.limit_computer(visit)
    text = form.get("text", "")
    if not LINK.holds(visit, link_id):
        return LINK.not_held(visit, [text])
    LINK.limit_link(visit, link_id)
    with visit.read() as session:
        opened = ideas.open_link(session, link_id)
        if not opened.answered and (dead := _why_dead(visit, opened)) is not None:
            return LINK.dead(visit, link_id, dead)
        if not LINK.fresh(visit, form, link_id):
            if opened.answered:
                return _page(visit, session, opened, "again")
            return _page(visit, session, opened, "ask", errors={"text": held_links.STALE}, typed=form)
    return _record(visit, form, link_id, text)


def _record(visit: Visit, form: Typed, link_id: int, text: str) -> Response:
    errors: dict[str, str] = {}
    how, status = "again", 200
    try:
        with visit.write() as session:
            done = ideas.reply_by_link(session, visit.home, link_id, visit.at, text, visit.actor)
        if not done.again:
            return visit.go(f"/idea/{link_id}")
    except AlreadyDecided as different:
        how, status = "different", different.status
    except BadInput as error:
        how, status, errors = "ask", error.status, error.fields
    except NotAllowed as refused:  # a shared mailbox, and nobody who reads it is signed in
        how, status, errors = "ask", refused.status, {"form": str(refused)}
    except LinkDead as dead:  # it died between the look and the lock
        return LINK.dead(visit, link_id, dead)
    with visit.read() as session:
        opened = ideas.open_link(session, link_id)
        how = "again" if opened.answered and how == "ask" else how
        if how == "again":
            errors, status = {}, 200
        return _page(visit, session, opened, how, errors=errors, typed=form, status=status)


@router.post("/idea/{link_id}/again")
def send_again(visit: Page, form: Form, link_id: RowId) -> Response:
    """Mail a new link in place of an expired one, to the address on record. Says the same whoever asks."""
    if LINK.again(visit, form, link_id):
        with visit.write() as session:
            ideas.send_again(session, visit.home, link_id, visit.at)
    return held_links.sent_again(visit)


def _why_dead(visit: Visit, opened: Opened) -> LinkDead | None:
    try:
        ideas.refuse_dead(opened, visit.at)
    except LinkDead as dead:
        return dead
    return None


def _page(
    visit: Visit,
    session: Session,
    opened: Opened,
    how: str,
    *,
    errors: dict[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 0,
) -> Response:
    idea, link_id = opened.idea, opened.link.id or 0
    try:
        questions.holder(session, opened.link, opened.person, visit.actor)
        sign_in = False
    except NotAllowed:
        sign_in = True
    context = {
        "opened": opened,
        "idea": idea,
        "service": projects.department(session, idea.department).name if idea.department else "",
        "how": how,
        "sign_in": sign_in,
        "nonce": LINK.nonce(visit, link_id),
        "minutes": MINUTES,
    }
    status = status or (422 if errors else 200)
    return visit.page("asked/idea.html", context, status=status, errors=errors, typed=typed)
