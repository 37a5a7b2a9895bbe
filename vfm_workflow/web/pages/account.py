"""Where somebody is signed in: to see it, and to end it. Administrators end somebody else's."""

from __future__ import annotations

import datetime as dt
import re

from fastapi import APIRouter
from fastapi.responses import Response

from vfm_workflow.journeys import personal, signin, tokens
from vfm_workflow.store import projects
from vfm_workflow.store.decisions import token_digest
from vfm_workflow.store.tables import WebSession
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.visit import SESSION_COOKIE, Form, Page, Visit

router = APIRouter()

METHODS = {"link": "a link by email", "oidc": "the council account", "demo": "the demo’s list"}
BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
SYSTEMS = {
    "iPhone": "an iPhone",
    "iPad": "an iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS": "a Mac",
    "Linux": "Linux",
}


@router.get("/account")
def account(visit: Page) -> Response:
    """Show where whoever is signed in is signed in."""
    me = visit.me()
    with visit.read() as session:
        found = signin.sessions(session, me.id, visit.at, _idle(visit))
    mine = token_digest(visit.cookie(SESSION_COOKIE) or "")
    rows = [_row(row, mine) for row in found]
    return visit.page("account/sessions.html", {"rows": rows, "others": len(rows) > 1})


@router.post("/account/sessions")
def end(visit: Page, form: Form) -> Response:
    """End one session of one's own, or all but this one. Ending this one signs out."""
    me, secret = visit.me(), visit.cookie(SESSION_COOKIE) or ""
    with visit.write() as session:
        if form.get("which") == "others":
            count = signin.end_others(session, me.id, secret, visit.at)
            return visit.go(
                "/account", "You are signed out everywhere else." if count else "You were nowhere else."
            )
        digest = form.get("which", "")
        ended = signin.end_one(session, me.id, digest, visit.at)
    if ended and digest == token_digest(secret):
        answer = visit.go("/sign-in", "You are signed out.")
        visit.drop_cookie(answer, SESSION_COOKIE)
        return answer
    return visit.go(
        "/account", "That browser is signed out." if ended else "That browser was signed out already."
    )


@router.get("/account/data")
def data(visit: Page) -> Response:
    """Send whoever asks everything that is kept about them, as a file."""
    me = visit.me()
    with visit.read() as session:
        person = projects.person(session, me.id)
        found = personal.export(session, person.address, me)
    headers = {"Content-Disposition": 'attachment; filename="kept-about-me.json"'}
    return Response(personal.as_json(found), media_type="application/json", headers=headers)


@router.get("/people/{person_id}/sessions")
def theirs(visit: Page, person_id: RowId) -> Response:
    """Show an administrator where somebody is signed in."""
    visit.must("people.edit")
    with visit.read() as session:
        person = projects.person(session, person_id)
        found = signin.sessions(session, person_id, visit.at, _idle(visit))
        held = tokens.alive(session, visit.home, person_id, visit.at)
    context = {
        "person": person,
        "rows": [_row(row, "") for row in found],
        "tokens": held,
        "titles": tokens.SCOPES,
    }
    return visit.page("account/theirs.html", context)


@router.post("/people/{person_id}/sessions/end")
def end_theirs(visit: Page, person_id: RowId) -> Response:
    """Sign somebody out everywhere, and end what machines read by for them."""
    by = visit.must("people.edit")
    with visit.write() as session:
        person = projects.person(session, person_id)
        count = signin.end_all(session, visit.home, person_id, visit.at, by)
        count += tokens.end_all(session, visit.home, person_id, visit.at, by)
    said = f"{person.name} is signed out everywhere." if count else f"{person.name} was signed in nowhere."
    return visit.go(f"/people/{person_id}/sessions", said)


@router.post("/people/{person_id}/identity/forget")
def forget(visit: Page, person_id: RowId) -> Response:
    """Let somebody's next sign-in bind another account."""
    by = visit.must("people.edit")
    with visit.write() as session:
        person = projects.person(session, person_id)
        signin.forget_identity(session, visit.home, person_id, visit.at, by)
    said = f"The next account that signs in with {person.address} is bound to {person.name}."
    return visit.go(f"/people/{person_id}/sessions", said)


def _idle(visit: Visit) -> dt.timedelta:
    return dt.timedelta(minutes=visit.app.settings.session_idle_minutes)


def _row(row: WebSession, mine: str) -> dict[str, object]:
    return {
        "digest": row.digest,
        "browser": browser_name(row.user_agent),
        "how": METHODS.get(row.method, row.method),
        "since": row.created_at,
        "seen": row.seen_at,
        "this": row.digest == mine,
    }


def browser_name(agent: str) -> str:
    """Return a name somebody knows their browser by. What a browser says of itself is a hint, not a proof."""
    browser = next((name for mark, name in BROWSERS.items() if re.search(rf"\b{mark}", agent)), "A browser")
    system = next((name for mark, name in SYSTEMS.items() if mark in agent), "")
    return f"{browser} on {system}" if system else browser
