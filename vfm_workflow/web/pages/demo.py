"""The demonstration: everybody's mailbox, a clock to move, and signing in as anybody. Elsewhere there is no such page."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from vfm_workflow.demo import clock
from vfm_workflow.domain.calendar import day_name
from vfm_workflow.errors import NotFound
from vfm_workflow.journeys import people, signin
from vfm_workflow.store import pages_demo, projects
from vfm_workflow.store.pages_demo import Delivered
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.pages.mail import notice_titles
from vfm_workflow.web.paging import Pager
from vfm_workflow.web.templating import clock as clock_time
from vfm_workflow.web.visit import SESSION_COOKIE, Form, Page, Visit

SIZE = 50
BODY_POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)


def only_demo(visit: Page) -> Visit:
    """Return the visit of a demo. Raises NotFound anywhere else: these pages show every mail to anybody."""
    if not visit.app.is_demo:
        raise NotFound("There is no such page.")
    return visit


Demo = Annotated[Visit, Depends(only_demo)]
router = APIRouter(prefix="/demo")


@router.get("")
def mailbox(visit: Demo) -> Response:
    """Show everybody's mail, newest first, by day."""
    asked = visit.request.query_params
    filters = {name: asked.get(name, "").strip()[:100] for name in ("person", "notice")}
    person = int(filters["person"]) if re.fullmatch(r"[0-9]{1,9}", filters["person"]) else None
    with visit.read() as session:
        counts = pages_demo.counts(session)
        total = sum(
            count
            for (reader, kind), count in counts.items()
            if person in (None, reader) and filters["notice"] in ("", kind)
        )
        pager = Pager("/demo", filters, total, SIZE, asked.get("page", ""))
        rows = pages_demo.delivered(
            session, person_id=person, notice=filters["notice"], offset=pager.offset, limit=SIZE
        )
        names = projects.names(session, [reader for reader, _ in counts if reader is not None])
        asking = pages_demo.asking(session, visit.at)
    titles = notice_titles(visit)
    readers = sorted(names.items(), key=lambda pair: pair[1])
    kinds = sorted(((key, titles.get(key, key)) for _, key in counts), key=lambda pair: pair[1])
    context = {
        "days": _by_day(visit, rows),
        "pager": pager,
        "filters": filters,
        "people": [("", "Everybody"), *((str(key), name) for key, name in readers)],
        "notices": [("", "Any kind"), *dict.fromkeys(kinds)],
        "titles": titles,
        "asking": asking,
        "welcome": not any(filters.values()) and pager.number == 1,
    }
    return visit.page("demo/mailbox.html", context)


def _by_day(visit: Visit, rows: Iterable[Delivered]) -> list[tuple[dt.date, list[Delivered]]]:
    grouped = itertools.groupby(rows, key=lambda row: visit.home.calendar.today(row.sent_at))
    return [(day, list(mails)) for day, mails in grouped]


@router.get("/mail/{mail_id}")
def show(visit: Demo, mail_id: RowId) -> Response:
    """Show one mail as its reader sees it: headers, and the HTML in a frame or the text."""
    with visit.read() as session:
        mail = pages_demo.one(session, mail_id)
    message = _message(mail.data)
    text = _part(message, "plain")
    context = {
        "mail": mail,
        "headers": [(name, str(message[name])) for name in ("From", "To", "Reply-To") if message[name]],
        "plain": visit.request.query_params.get("as") == "text",
        "lines": list(_linked(text, visit.home.base_url)),
        "height": _height(text),
    }
    return visit.page("demo/mail.html", context)


@router.get("/mail/{mail_id}/body")
def body(visit: Demo, mail_id: RowId) -> Response:
    """Return the mail's HTML for the frame: no script, nothing from anywhere; its links open in the whole window."""
    with visit.read() as session:
        html = _part(_message(pages_demo.one(session, mail_id).data), "html")
    html = re.sub(r"(<head[^>]*>)", r'\1<base target="_top">', html, count=1, flags=re.IGNORECASE)
    policy = BODY_POLICY.format(nonce=visit.nonce)
    return HTMLResponse(
        _styled(html, visit.nonce),
        headers={"Content-Security-Policy": policy, "X-Frame-Options": "SAMEORIGIN"},
    )


def _styled(html: str, nonce: str) -> str:
    """Return a mail's HTML with the styles of its elements in one sheet: a page that allows inline styles allows any."""
    rules: dict[str, int] = {}

    def mark(found: re.Match[str]) -> str:
        return f' data-style="{rules.setdefault(unescape(found[1]), len(rules))}"'

    html = re.sub(r'(?<=[\w"]) style="([^"]*)"', mark, html)
    html = html.replace("<style", f'<style nonce="{nonce}"')
    sheet = "".join(f'[data-style="{number}"]{{{rule}}}' for rule, number in rules.items())
    return html.replace("<head>", f'<head><style nonce="{nonce}">{sheet}</style>', 1)


def _message(data: bytes) -> EmailMessage:
    found = message_from_bytes(data, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _linked(text: str, base_url: str) -> Iterator[tuple[str, str]]:
    """Yield (address, text) of each link of ours and ("", text) of what stands between."""
    for number, piece in enumerate(re.split(rf"({re.escape(base_url)}[^\s>)]*)", text)):
        yield (piece, piece) if number % 2 else ("", piece)


def _height(text: str) -> int:
    """Return a height in pixels in which the mail is read without a second scroll bar, on a phone too."""
    lines = sum(1 + len(line) // 34 for line in text.splitlines())
    return min(250 + lines * 26, 8000)


@router.post("/clock")
def move(visit: Demo, form: Form) -> Response:
    """Move the clock. Whoever is signed in stays so: to their session it would be days without a click."""
    moved = clock.move(visit.app, form.get("step", ""))
    local = visit.home.calendar.local(moved.now)
    arrived = (
        "no mail"
        if not moved.delivered
        else "1 mail"
        if moved.delivered == 1
        else f"{moved.delivered:,} mails"
    )
    said = f"It is now {day_name(local.date())}, {clock_time(local)}; {arrived} arrived."
    answer = visit.go("/demo", said)
    if visit.actor is not None:
        with visit.write() as session:
            _begin(visit, session, answer, visit.actor.id, moved.now)
    return answer


@router.get("/people")
def everybody(visit: Demo) -> Response:
    """Show everybody by role, with a button each."""
    with visit.read() as session:
        found = people.everybody(session)
        departments = projects.department_names(session)
    groups = [
        (spec.title, members)
        for role, spec in visit.home.roles.items()
        if (members := [person for person in found if person.role == role])
    ]
    return visit.page("demo/people.html", {"groups": groups, "departments": departments})


@router.post("/as/{person_id}")
def become(visit: Demo, person_id: RowId) -> Response:
    """Sign in as somebody."""
    answer = visit.go("/tasks")
    with visit.write() as session:
        if not projects.person(session, person_id).active:
            raise NotFound("There is no such person, or they have left.")
        _begin(visit, session, answer, person_id, visit.at)
    return answer


def _begin(visit: Visit, session: Session, answer: Response, person_id: int, at: dt.datetime) -> None:
    """End the visitor's session, if there is one, and begin one as a person."""
    if secret := visit.cookie(SESSION_COOKIE):
        signin.sign_out(session, secret, at)
    hours = visit.app.settings.session_hours
    person = projects.person(session, person_id)
    agent = visit.request.headers.get("user-agent", "")
    secret = signin.begin(
        session, visit.home, person, at, lasts=dt.timedelta(hours=hours), user_agent=agent, method="demo"
    )
    visit.set_cookie(answer, SESSION_COOKIE, secret, hours * 3600)
