"""A board's member decides from a link in a mail: GET and HEAD show, only a whole form decides (protocol, 4–6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from vfm_workflow.domain.assurance import seat_name
from vfm_workflow.domain.decisions import Ballot, read_ballot
from vfm_workflow.errors import AlreadyDecided, BadInput, CodeNeeded, LinkDead, ProofNeeded, TooManyTries
from vfm_workflow.journeys import codes, decide, proof
from vfm_workflow.journeys.decide import Opened
from vfm_workflow.journeys.proof import Proof
from vfm_workflow.store import projects
from vfm_workflow.web import ballots, decision_view, limits
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
        if (dead := _why_dead(visit, session, opened)) is not None:
            return _dead(visit, session, opened, dead)
        return _form(visit, session, opened, typed=ballots.kept(visit, link_id))


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
        if (dead := _why_dead(visit, session, opened)) is not None:
            return _dead(visit, session, opened, dead)
        try:
            ballot = _ballot(visit, opened, form)
        except BadInput as error:
            if opened.vote is not None:
                return _recorded(visit, session, opened, "again")
            return _form(visit, session, opened, errors=error.fields, typed=form)
    return _cast(visit, link_id, ballot, form)


def _ballot(visit: Visit, opened: Opened, form: Typed) -> Ballot:
    """Return the decision of a whole form that came from this link's own page. Raises BadInput."""
    reason, conditions = (form.get(name, "") for name in ("reason", "conditions"))
    ballot = read_ballot(opened.asked.rule, form.only("choice"), reason, conditions)
    if visit.unsign(form.get("nonce"), "decide-form", MINUTES * 60) != opened.link.id:
        raise BadInput({"choice": STALE})
    return ballot


def _cast(visit: Visit, link_id: int, ballot: Ballot, form: Typed) -> Response:
    agent = visit.request.headers.get("user-agent", "")
    given = _proof(visit, link_id, form.get("code", ""))
    try:
        with visit.write() as session:
            done = decide.cast(session, visit.home, link_id, ballot, visit.at, user_agent=agent, proof=given)
    except AlreadyDecided as different:
        typed = [text for name in ("conditions", "reason") if (text := form.get(name, "").strip())]
        return _after(visit, link_id, "different", different.status, typed)
    except LinkDead as dead:  # it died between the look and the lock
        with visit.read() as session:
            return _dead(visit, session, decide.open_link(session, visit.home, link_id), dead)
    except ProofNeeded as needed:
        response = _again(visit, link_id, form, needed.status)
        ballots.keep(visit, response, link_id, form)
        return response
    except CodeNeeded:
        return _mail_code(visit, link_id, form)
    except BadInput as wrong:
        return _again(visit, link_id, form, wrong.status, errors=wrong.fields, code=True)
    response = _after(visit, link_id, "again", 200) if done.again else visit.go(f"/decide/{link_id}")
    ballots.drop(visit, response, link_id)
    return response


def _proof(visit: Visit, link_id: int, code: str) -> Proof:
    """Return what comes with a decision beside its link. A code that was typed has had one of its tries."""
    tried = None
    if code.strip():
        with visit.write() as session:
            tried = codes.attempt(session, link_id, code)
    fresh = dt.timedelta(minutes=visit.app.settings.step_up_minutes)
    return Proof(visit.signed_in, fresh, tried, visit.app.secret_key)


def _mail_code(visit: Visit, link_id: int, form: Typed) -> Response:
    """Mail a code and show the same page again, with what was typed and a box for the code. Nothing is decided yet."""
    try:
        with visit.write() as session:
            decide.mail_code(session, visit.home, link_id, visit.app.secret_key, visit.at)
    except TooManyTries as many:
        return _again(visit, link_id, form, many.status, errors={"code": str(many)}, code=True)
    return _again(visit, link_id, form, 200, code=True)


def _again(
    visit: Visit,
    link_id: int,
    form: Typed,
    status: int,
    *,
    errors: dict[str, str] | None = None,
    code: bool = False,
) -> Response:
    """Show the form again with what was typed, which was whole; `code` shows the box for the code."""
    with visit.read() as session:
        opened = decide.open_link(session, visit.home, link_id)
        return _form(visit, session, opened, errors=errors, typed=form, code=code, status=status)


@router.post("/decide/{link_id}/again")
def send_again(visit: Page, form: Form, link_id: RowId) -> Response:
    """Mail a new link in place of an expired one, to the address on record. Says the same whoever asks."""
    if visit.unsign(form.get("nonce"), "decide-again", AGAIN_HOURS * 3600) == link_id:
        limits.allow(visit, "decide-again", str(link_id), "5/hour")
        with visit.write() as session:
            dead = _why_dead(visit, session, decide.open_link(session, visit.home, link_id))
            if dead is not None and dead.kind == "expired":  # nothing has replaced it
                decide.send_again(session, visit.home, link_id, visit.at)
    said = [
        "If this decision is still asked for, a new link is on its way to the work address that we hold.",
        "It leaves in working hours. Nothing was decided.",
    ]
    return _plain(visit, "Look in your mail", said, status=200)


def _why_dead(visit: Visit, session: Session, opened: Opened) -> LinkDead | None:
    """Return why the link cannot decide any more, or None where it can, or has decided."""
    if opened.vote is None:
        try:
            decide.refuse_dead(session, visit.home, opened, visit.at)
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
    typed: Mapping[str, str] | None = None,
    code: bool = False,
    status: int = 0,
) -> Response:
    context = {
        **decision_view.form(visit, session, opened),
        **_decider(visit, session, opened),
        "kept": typed is not None and not errors and not code,
        "level": proof.level(visit.home, opened.asked),
        "code": code or (errors is not None and bool((typed or {}).get("code"))),
        "code_minutes": codes.MINUTES,
        "nonce": visit.sign(opened.link.id, "decide-form"),
        "minutes": MINUTES,
    }
    status = status or (422 if errors else 200)
    return visit.page("decide/page.html", context, status=status, errors=errors, typed=typed)


def _decider(visit: Visit, session: Session, opened: Opened) -> dict[str, Any]:
    """Return who would decide, as the page says it, and why and where they must sign in first, if they must."""
    given = Proof(visit.signed_in, dt.timedelta(minutes=visit.app.settings.step_up_minutes))
    try:
        who = proof.identify(session, visit.home, opened.asked, opened.person, given, visit.at)
    except ProofNeeded as needed:
        there = quote(f"/decide/{opened.link.id}", safe="")
        path = f"/sign-in?next={there}{'&confirm=1' if needed.confirm else ''}"
        return {"as_whom": opened.seat, "sign_in": {"why": str(needed), "path": path}}
    return {"as_whom": seat_name(who.name, opened.member.name), "sign_in": None}


def _recorded(
    visit: Visit,
    session: Session,
    opened: Opened,
    how: str,
    status: int = 200,
    copied: Sequence[str] = (),
) -> Response:
    """Show what is recorded; `copied` is what was typed just now and was not."""
    context = {**decision_view.recorded(visit, session, opened), "how": how, "copied": copied}
    return visit.page("decide/recorded.html", context, status=status)


def _after(visit: Visit, link_id: int, how: str, status: int, copied: Sequence[str] = ()) -> Response:
    with visit.read() as session:
        opened = decide.open_link(session, visit.home, link_id)
        return _recorded(visit, session, opened, how, status, copied)


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
