"""Signing in by an emailed link, and out. A GET changes nothing: mail scanners open every link they see.

Where people sign in with the council's own accounts (`oidc.py`), only links that `vfm admin create` printed work here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session
from starlette.background import BackgroundTask

from vfm_workflow.domain.addresses import clean_address
from vfm_workflow.errors import LinkDead, NotAllowed
from vfm_workflow.journeys import signin
from vfm_workflow.logs import log
from vfm_workflow.store.decisions import token_digest
from vfm_workflow.web.limits import allow, computer
from vfm_workflow.web.visit import SESSION_COOKIE, Form, Page, Visit, local_path

router = APIRouter()

START = "/tasks"
NEXT_COOKIE = "vfm_next"
NONCE_SECONDS = 3600
NONCE_SALT, NEXT_SALT = "sign-in", "next"


@router.get("/")
def start(visit: Page) -> Response:
    """Send whoever is signed in to their tasks, and everybody else to sign in, or in a demo to its mailbox."""
    if visit.actor is not None:
        return visit.go(START)
    return visit.go("/demo" if visit.app.is_demo else "/sign-in")


@router.get("/sign-in")
def ask(visit: Page) -> Response:
    """Show how to sign in; with `confirm`, how somebody who is signed in proves again that it is they."""
    target = local_path(visit.request.query_params.get("next"), START)
    if visit.actor is not None and not visit.request.query_params.get("confirm"):
        return visit.go(target)
    return _ask_page(visit, target)


@router.post("/sign-in")
def send(visit: Page, form: Form) -> Response:
    """Mail a link. The answer is the same whoever asks, so that it teaches a stranger nothing.

    Nor does the time it takes: the address is looked up once the answer has left.
    """
    if visit.accounts:
        raise NotAllowed("Sign in with your council account. No links are sent by email here.")
    target = local_path(form.get("next"), START)
    address = clean_address(form.get("address", ""))
    if address is None:
        sentence = "Enter your work email address, such as name@council.gov.uk"
        return _ask_page(visit, target, errors={"address": sentence}, typed=form, status=422)
    allow(visit, "ask-address", address, "10/hour")
    allow(visit, "ask-computer", computer(visit), "300/hour")
    minutes = visit.home.calendar.rules.sign_in_link_minutes
    page = visit.page("signin/sent.html", {"address": address, "minutes": minutes})
    visit.set_cookie(page, NEXT_COOKIE, visit.sign(target, NEXT_SALT), minutes * 60)
    page.background = BackgroundTask(_mail, visit, address)
    return page


def _mail(visit: Visit, address: str) -> None:
    try:
        with visit.write() as session:
            signin.ask(session, visit.home, address, visit.at)
    except Exception:
        log.exception("a link to sign in could not be written")


@router.get("/sign-in/{token}")
def show(visit: Page, token: str) -> Response:
    """Show whose link it is, with one button, and elsewhere than where it was asked for a box to tick. Nothing changes."""
    return _link_page(visit, token)


@router.post("/sign-in/{token}")
def enter(visit: Page, form: Form, token: str) -> Response:
    """Spend the link and begin a session. A post without the page's own mark is refused, and spends nothing."""
    allow(visit, "sign-in-link", token, "10/minute")
    allow(visit, "sign-in-computer", computer(visit), "300/minute")
    if visit.unsign(form.get("nonce"), NONCE_SALT, NONCE_SECONDS) != _mark(token):
        sentence = "Press “Sign in” to go on: this page had not been opened by you, or was open for too long"
        return _link_page(visit, token, errors={"sign-in": sentence}, status=422)
    if form.get("me") != "yes" and not _asked_here(visit):
        return _link_page(visit, token, errors={"me": "Tick the box if you want to sign in here"}, status=422)
    hours = visit.app.settings.session_hours
    lasts = dt.timedelta(hours=hours)
    agent = visit.request.headers.get("user-agent", "")
    try:
        with visit.write() as session:
            secret, person = signin.sign_in(
                session, visit.home, token, visit.at, lasts=lasts, user_agent=agent
            )
            end(visit, session)
            who = f"person {person.id}"
    except LinkDead as error:
        return _dead(visit, error)
    log.info("signed in", who=who, how="link", computer=computer(visit))
    target = local_path(visit.unsign(visit.cookie(NEXT_COOKIE), NEXT_SALT, 24 * 3600), START)
    answer = visit.go(target)
    visit.set_cookie(answer, SESSION_COOKIE, secret, hours * 3600)
    visit.drop_cookie(answer, NEXT_COOKIE)
    return answer


@router.get("/sign-out")
def leave(visit: Page) -> Response:
    if visit.actor is None:
        return visit.go("/sign-in")
    return visit.page("signin/sign_out.html")


@router.post("/sign-out")
def left(visit: Page) -> Response:
    with visit.write() as session:
        end(visit, session)
    answer = visit.go("/sign-in", "You are signed out.")
    visit.drop_cookie(answer, SESSION_COOKIE)
    return answer


def _asked_here(visit: Visit) -> bool:
    """Return whether this browser asked for a link. Any other may be a scanner that presses buttons: it must tick a box."""
    return visit.unsign(visit.cookie(NEXT_COOKIE), NEXT_SALT, 24 * 3600) is not None


def _mark(token: str) -> str:
    """Return what the page's own form carries, signed: it fits this link alone."""
    return token_digest(token)[:16]


def end(visit: Visit, session: Session) -> None:
    """End the session of this browser, if there is one: whoever signs in gets a new secret, and the old one opens nothing."""
    secret = visit.cookie(SESSION_COOKIE)
    if secret:
        signin.sign_out(session, secret, visit.at)


def _ask_page(
    visit: Visit,
    target: str,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    minutes = visit.home.calendar.rules.sign_in_link_minutes
    context = {"next": target, "minutes": minutes, "confirm": visit.actor is not None}
    return visit.page("signin/ask.html", context, errors=errors, typed=typed, status=status)


def _link_page(
    visit: Visit, token: str, *, errors: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    try:
        with visit.read() as session:
            _, person = signin.look_up(session, token, visit.at)
    except LinkDead as error:
        return _dead(visit, error)
    context = {
        "name": person.name,
        "action": f"/sign-in/{token}",
        "nonce": visit.sign(_mark(token), NONCE_SALT),
        "asked_here": _asked_here(visit),
    }
    return visit.page("signin/link.html", context, errors=errors, status=status)


def _dead(visit: Visit, error: LinkDead) -> Response:
    """Return the page that says why a link no longer works and offers a new one."""
    target = local_path(visit.unsign(visit.cookie(NEXT_COOKIE), NEXT_SALT, 24 * 3600), START)
    return visit.page("signin/dead.html", {"why": str(error), "next": target}, status=error.status)
