"""What I am mailed, and why: choices, hours, what I put off. And the link by which a mail program stops what may be."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import Response

from vfm_workflow.errors import BadInput, NotFound
from vfm_workflow.journeys import wishes
from vfm_workflow.signing import read_seal
from vfm_workflow.store import projects
from vfm_workflow.web import limits
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()
WORDS = {"daily": "With each day’s digest", "weekly": "Once a week", "off": "Not at all"}
AT_ONCE = {"daily": "When it happens", "off": "Not at all"}
DAYS = (("1", "Monday"), ("2", "Tuesday"), ("3", "Wednesday"), ("4", "Thursday"), ("5", "Friday"))
ONE_CLICK = ("List-Unsubscribe", "One-Click")
"""The body that RFC 8058 has a mail program send."""
UNKNOWN = "This link is none of ours, or was cut off. Sign in and choose what you are mailed."


@router.get("/account/mail")
def show(visit: Page) -> Response:
    """Show what comes to whoever is signed in, why, and what they may choose."""
    return _page(visit)


@router.post("/account/mail")
def choose(visit: Page, form: Form) -> Response:
    """Note what they want of each notice."""
    me = visit.me()
    wanted = {
        name.removeprefix("choice_"): value for name, value in form.items() if name.startswith("choice_")
    }
    try:
        with visit.write() as session:
            changed = wishes.choose(session, visit.home, me, wanted, visit.at)
    except BadInput as error:
        return _page(visit, errors=error.fields, typed=form)
    return visit.go("/account/mail", "Your choices are kept." if changed else "Nothing was changed.")


@router.post("/account/mail/hours")
def hours(visit: Page, form: Form) -> Response:
    """Note at what hour, and on which days, they want their digest."""
    me = visit.me()
    try:
        with visit.write() as session:
            wishes.set_hours(
                session, visit.home, me, form.get("digest_at", ""), form.many("weekdays"), visit.at
            )
    except BadInput as error:
        return _page(visit, errors=error.fields, typed=form)
    return visit.go("/account/mail", "Your digest comes then from now on.")


@router.get("/account/mail/later")
def later(visit: Page, notice: str = "", subject: str = "") -> Response:
    """Show what would be put off, and until when. Changes nothing."""
    return _later(visit, notice, subject)


@router.post("/account/mail/later")
def put_off(visit: Page, form: Form) -> Response:
    """Put it off."""
    me, notice, subject = visit.me(), form.get("notice", ""), form.get("subject", "")
    try:
        with visit.write() as session:
            until = wishes.put_off(session, visit.home, me, notice, subject, form.only("days"), visit.at)
    except BadInput as error:
        return _later(visit, notice, subject, errors=error.fields)
    return visit.go(
        "/account/mail", f"You are reminded again from {until.day} {until:%B %Y}, if it is still so."
    )


@router.post("/account/mail/later/end")
def end(visit: Page, form: Form) -> Response:
    """Be reminded again with the next digest."""
    me = visit.me()
    with visit.write() as session:
        wishes.end(session, visit.home, me, form.get("notice", ""), form.get("subject", ""), visit.at)
    return visit.go("/account/mail", "You are reminded with your next digest, if it is still so.")


def _page(visit: Visit, *, errors: Mapping[str, str] | None = None, typed: Typed | None = None) -> Response:
    me = visit.me()
    with visit.read() as session:
        found = wishes.kinds(session, visit.home, me.id)
        own = wishes.hours(session, visit.home, me)
        waiting = wishes.putting_off(session, visit.home, me, visit.at)
    days = typed.many("weekdays") if typed is not None and "digest_at" in typed else list(own.weekdays)
    context = {
        "address": me.address,
        "choices": [
            {
                "kind": kind,
                "words": [(key, (AT_ONCE if kind.at_once else WORDS)[key]) for key in kind.choices],
            }
            for kind in found
            if len(kind.choices) > 1
        ],
        "always": [kind for kind in found if len(kind.choices) == 1],
        "times": wishes.times(visit.home),
        "own": own,
        "days": [(key, word, key in days) for key, word in DAYS],
        "waiting": waiting,
    }
    return visit.page("account/mail.html", context, status=422 if errors else 200, errors=errors, typed=typed)


def _later(visit: Visit, notice: str, subject: str, *, errors: Mapping[str, str] | None = None) -> Response:
    me = visit.me()
    with visit.read() as session:
        found = wishes.fact(session, visit.home, me, notice, subject, visit.at)
    context = {"fact": found, "offered": wishes.days_later(visit.home, visit.today)}
    return visit.page("account/later.html", context, status=422 if errors else 200, errors=errors)


# ------------------------------------------------------------------ unsubscribe, from a mail program


@router.get("/u/{seal}")
def ask(visit: Page, seal: str) -> Response:
    """Show what one button would stop, and what comes all the same. Changes nothing."""
    return _stopping(visit, seal, done=False)


@router.post("/u/{seal}")
def stop(visit: Page, form: Form, seal: str) -> Response:
    """Stop what may be stopped: RFC 8058's one click, without session, cookie or page before it; or the page's own button.

    An empty form, as a scanner sends it, does nothing.
    """
    limits.allow(visit, "stop", seal, "10/minute")
    limits.allow(visit, "stop-computer", limits.computer(visit), "300/minute")
    name, value = ONE_CLICK
    if form.only(name) != value:
        return _stopping(visit, seal, done=False, status=422)
    person_id = _person(visit, seal)
    with visit.write() as session:
        wishes.stop(session, visit.home, person_id, visit.at)
    return _stopping(visit, seal, done=True)


def _person(visit: Visit, seal: str) -> int:
    """Return whose digests a seal stops. Raises NotFound for one that is none of ours."""
    person_id = read_seal(visit.app.secret_key, seal)
    if person_id is None:
        raise NotFound(UNKNOWN)
    return person_id


def _stopping(visit: Visit, seal: str, *, done: bool, status: int = 200) -> Response:
    person_id = _person(visit, seal)
    with visit.read() as session:
        person = projects.person(session, person_id)
        found = [kind for kind in wishes.kinds(session, visit.home, person_id) if not kind.at_once]
    context = {
        "person": person,
        "done": done,
        "stopped": [kind for kind in found if "off" in kind.choices],
        "stays": [kind for kind in found if "off" not in kind.choices],
        "name": ONE_CLICK[0],
        "value": ONE_CLICK[1],
        "mine": "/account/mail" if visit.actor else "/sign-in?" + urlencode({"next": "/account/mail"}),
    }
    response = visit.page("account/stop.html", context, status=status)
    # The form stands on the seal's own page: under `no-referrer` some browsers would post it without an origin.
    response.headers["Referrer-Policy"] = "same-origin"
    return response
