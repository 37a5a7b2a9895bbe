"""A board's member decides from a link in a mail: GET and HEAD show, only a whole form decides (protocol, 4–6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from vfm_workflow.domain.decisions import Ballot, read_ballot
from vfm_workflow.errors import AlreadyDecided, BadInput, LinkDead
from vfm_workflow.journeys import decide
from vfm_workflow.journeys.decide import Opened
from vfm_workflow.store import projects
from vfm_workflow.web import decision_view, limits
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()
MINUTES = 30
"""How long an opened link may be used from one browser, and a form be sent."""
AGAIN_HOURS = 24
"""How long the button for a new link works: it only mails the address on record."""
STALE = "This page had been open for too long, so nothing was recorded. Look at your decision and press the button again"


@router.api_route("/d/{token}", methods=["GET", "HEAD"])
def open_from_mail(visit: Page, token: str) -> Response:
    """Note in this browser that it holds the link, and go on to a page whose address holds no token."""
    try:
        with visit.read() as session:
            link_id = projects.key(decide.look_up(session, visit.home, token))  # type: ignore[arg-type]  # any stored row with an id
    except LinkDead as dead:
        return _unknown(visit, dead)
    response = visit.go(f"/decide/{link_id}")
    visit.set_cookie(response, _cookie(link_id), visit.sign(link_id, "decide-link"), MINUTES * 60)
    return response


@router.api_route("/decide/{link_id}", methods=["GET", "HEAD"])
def show(visit: Page, link_id: RowId) -> Response:
    """Show what is asked, or what became of it. Records nothing."""
    if not _holds(visit, link_id):
        return _not_held(visit)
    with visit.read() as session:
        opened = decide.open_link(session, visit.home, link_id)
        if opened.vote is not None:
            return _recorded(visit, session, opened, "done")
        if (dead := _why_dead(visit, opened)) is not None:
            return _dead(visit, session, opened, dead)
        return _form(visit, session, opened)


@router.post("/decide/{link_id}")
def cast(visit: Page, form: Form, link_id: RowId) -> Response:
    """Record a whole decision; an empty or half one changes nothing and is shown again with what is missing."""
    limits.allow(visit, "decide-computer", limits.computer(visit), "300/minute")
    if not _holds(visit, link_id):
        return _not_held(visit, form)
    limits.allow(
        visit, "decide", str(link_id), "10/minute"
    )  # after the cookie: no stranger uses up a member's tries
    with visit.read() as session:
        opened = decide.open_link(session, visit.home, link_id)
        if (dead := _why_dead(visit, opened)) is not None:
            return _dead(visit, session, opened, dead)
        try:
            ballot = _ballot(visit, opened, form)
        except BadInput as error:
            if opened.vote is not None:
                return _recorded(visit, session, opened, "again")
            return _form(visit, session, opened, errors=error.fields, typed=form)
    return _cast(visit, link_id, ballot)


def _ballot(visit: Visit, opened: Opened, form: Typed) -> Ballot:
    """Return the decision of a whole form that came from this link's own page. Raises BadInput."""
    reason, conditions = (form.get(name, "") for name in ("reason", "conditions"))
    ballot = read_ballot(opened.asked.rule, form.only("choice"), reason, conditions)
    if visit.unsign(form.get("nonce"), "decide-form", MINUTES * 60) != opened.link.id:
        raise BadInput({"choice": STALE})
    return ballot


def _cast(visit: Visit, link_id: int, ballot: Ballot) -> Response:
    agent = visit.request.headers.get("user-agent", "")
    try:
        with visit.write() as session:
            done = decide.cast(session, visit.home, link_id, ballot, visit.at, user_agent=agent)
    except AlreadyDecided as different:
        return _after(visit, link_id, "different", different.status)
    except LinkDead as dead:  # it died between the look and the lock
        with visit.read() as session:
            return _dead(visit, session, decide.open_link(session, visit.home, link_id), dead)
    return _after(visit, link_id, "again", 200) if done.again else visit.go(f"/decide/{link_id}")


@router.post("/decide/{link_id}/again")
def send_again(visit: Page, form: Form, link_id: RowId) -> Response:
    """Mail a new link in place of an expired one, to the address on record. Says the same whoever asks."""
    if visit.unsign(form.get("nonce"), "decide-again", AGAIN_HOURS * 3600) == link_id:
        limits.allow(visit, "decide-again", str(link_id), "5/hour")
        with visit.write() as session:
            dead = _why_dead(visit, decide.open_link(session, visit.home, link_id))
            if dead is not None and dead.kind == "expired":  # nothing has replaced it
                decide.send_again(session, visit.home, link_id, visit.at)
    said = [
        "If this decision is still asked for, a new link is on its way to the work address that we hold.",
        "It leaves in working hours. Nothing was decided.",
    ]
    return _plain(visit, "Look in your mail", said, status=200)


def _why_dead(visit: Visit, opened: Opened) -> LinkDead | None:
    """Return why the link cannot decide any more, or None where it can, or has decided."""
    if opened.vote is None:
        try:
            decide.refuse_dead(opened, visit.at)
        except LinkDead as dead:
            return dead
    return None


def _cookie(link_id: int) -> str:
    return f"vfm_link_{link_id}"


def _holds(visit: Visit, link_id: int) -> bool:
    """Return whether this browser opened the link from its mail within the last half hour."""
    return bool(visit.unsign(visit.cookie(_cookie(link_id)), "decide-link", MINUTES * 60) == link_id)


def _form(
    visit: Visit,
    session: Session,
    opened: Opened,
    *,
    errors: dict[str, str] | None = None,
    typed: Typed | None = None,
) -> Response:
    context = {
        **decision_view.form(visit, session, opened),
        "nonce": visit.sign(opened.link.id, "decide-form"),
        "minutes": MINUTES,
    }
    return visit.page("decide/page.html", context, status=422 if errors else 200, errors=errors, typed=typed)


def _recorded(visit: Visit, session: Session, opened: Opened, how: str, status: int = 200) -> Response:
    context = {**decision_view.recorded(visit, session, opened), "how": how}
    return visit.page("decide/recorded.html", context, status=status)


def _after(visit: Visit, link_id: int, how: str, status: int) -> Response:
    with visit.read() as session:
        return _recorded(visit, session, decide.open_link(session, visit.home, link_id), how, status)


BLANK: Mapping[str, Any] = {"asked": None, "again": False, "newer": None, "copied": ()}
"""What `decide/dead.html` shows besides its heading and sentences: by itself, nothing."""
HEADINGS = {
    "expired": "This link has expired",
    "superseded": "The text has changed since",
    "withdrawn": "This decision is no longer asked for",
    "held": "This project is on hold",
}


def _dead(visit: Visit, session: Session, opened: Opened, dead: LinkDead) -> Response:
    """Say why the link is dead and what to do next; an expired one offers another."""
    asked = opened.asked
    kind = asked.request.state if asked.request.state in HEADINGS else dead.kind
    again = kind == "expired" and asked.request.state == "open"
    said = [str(dead)]
    if kind == "expired" and asked.request.state == "decided":
        said = ["This link has expired, and the board has decided meanwhile. Nothing is needed from you."]
    elif kind == "superseded":
        said = [
            "The text you were asked about was changed after this mail. Decide by the link in the newest mail."
        ]
    newer, changes = decision_view.since_then(session, asked) if kind == "superseded" else (None, [])
    context = {
        **decision_view.head(visit, session, asked),
        "again": again,
        "link_id": opened.link.id,
        "nonce": visit.sign(opened.link.id, "decide-again"),
        "newer": newer,
        "changes": changes,
    }
    heading = HEADINGS.get(kind, "This link no longer works")
    return _plain(visit, heading, said, status=dead.status, **context)


def _unknown(visit: Visit, dead: LinkDead) -> Response:
    return _plain(visit, "This link does not work", [str(dead)], status=dead.status)


def _not_held(visit: Visit, typed: Typed | None = None) -> Response:
    """Say the same whether or not there is such a link, and give back what was typed: it is the asker's own."""
    said = [
        f"A link works for {MINUTES} minutes after you open it from the mail, in the same browser.",
        "Open the link in the mail again. Nothing was recorded.",
    ]
    fields: Mapping[str, str] = typed or {}
    copied = [text for name in ("conditions", "reason") if (text := fields.get(name, "").strip())]
    return _plain(visit, "Open the link in your mail", said, status=403, copied=copied)


def _plain(visit: Visit, heading: str, said: list[str], *, status: int, **more: Any) -> Response:
    context = {**BLANK, "heading": heading, "said": said, **more}
    return visit.page("decide/dead.html", context, status=status)
