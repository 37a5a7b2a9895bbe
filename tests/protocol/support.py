"""What the tests of the protocol share: who voted, whose links there are, and a text that changes under them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re

import httpx
from sqlalchemy import select
from sqlmodel import col

from tests.people import Council, address
from tests.web.support import Browser
from vfm_workflow.journeys import reseat, signin, writing
from vfm_workflow.journeys.signin import Method
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Deputy, Link, MailboxReader, OutboxMail, SavingLine, SavingYear, VoteRow
from vfm_workflow.web.visit import SESSION_COOKIE


def votes(council: Council) -> list[VoteRow]:
    with council.app.read() as session:
        return list(session.scalars(select(VoteRow).order_by(col(VoteRow.id))))


def links(council: Council, key: str) -> list[Link]:
    with council.app.read() as session:
        mine = select(Link).where(col(Link.person_id) == council.actor(session, key).id)
        return list(session.scalars(mine.order_by(col(Link.id))))


def change_the_outline(council: Council, reference: str, text: str) -> None:
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        writing.save_section(session, council.home, reference, "outline", "why", text, manager, council.at)


def head(browser: Browser, path: str) -> httpx.Response:
    return browser._ask("HEAD", path, None, False, None)


# ---------------------------------------------------------------- what the people's pages do, in a line each


def deputise(
    council: Council, member: str, deputy: str, *, first: dt.date | None = None, days: int = 30
) -> None:
    """Let `deputy` stand in for `member`, from today or from `first`, and let the links follow."""
    day = first or council.at.date()
    with council.app.write() as session:
        ids = [council.actor(session, key).id for key in (member, deputy)]
        until = day + dt.timedelta(days=days)
        session.add(
            Deputy(person_id=ids[0], deputy_id=ids[1], from_day=day, until_day=until, set_at=council.at)
        )
        session.flush()
        reseat.reconcile(session, council.home, council.at)


def end_deputyships(council: Council) -> None:
    """End every deputyship before its day."""
    with council.app.write() as session:
        for row in session.scalars(select(Deputy)):
            row.ended_at = council.at
        session.flush()
        reseat.reconcile(session, council.home, council.at)


def change(council: Council, key: str, **values: object) -> None:
    """Change somebody's row (`active=False`, `address=…`, `role=…`, `shared=True`), and let the links follow."""
    with council.app.write() as session:
        person = projects.person_by_address(session, address(key))
        for name, value in values.items():
            setattr(person, name, value)
        session.flush()
        reseat.reconcile(session, council.home, council.at)


def share(council: Council, mailbox: str, *readers: str) -> None:
    """Make somebody's address a mailbox that several people read."""
    change(council, mailbox, shared=True)
    with council.app.write() as session:
        for reader in readers:
            ids = [council.actor(session, key).id for key in (mailbox, reader)]
            session.add(MailboxReader(mailbox_id=ids[0], reader_id=ids[1], added_at=council.at))


def sign_in(browser: Browser, key: str, method: Method = "oidc", *, minutes_ago: float = 0) -> None:
    """Sign somebody in, in a browser that may hold links already."""
    council = browser.council
    with council.app.write() as session:
        person = projects.person_by_address(session, address(key))
        at = council.at - dt.timedelta(minutes=minutes_ago)
        secret = signin.begin(session, council.home, person, at, lasts=dt.timedelta(hours=8), method=method)
    browser.cookies.set(SESSION_COOKIE, secret, domain="127.0.0.1")


def worth(council: Council, reference: str, pounds: int) -> None:
    """Let a project be expected to save so much in its first year, and nothing else."""
    with council.app.write() as session:
        project = projects.by_reference(session, reference)
        lines = select(col(SavingLine.id)).where(col(SavingLine.project_id) == project.id)
        for number, year in enumerate(
            session.scalars(
                select(SavingYear).where(col(SavingYear.line_id).in_(lines)).order_by(col(SavingYear.year))
            )
        ):
            year.low, year.expected, year.high = 0, 0 if number else pounds * 100, 10**12


def asked_about(council: Council, pounds: int, title: str = "Waste rounds") -> str:
    """Begin a project worth so much and ask the board about it; return its reference."""
    reference = council.create(title)
    council.outline_ready(reference)
    worth(council, reference, pounds)
    council.do(reference, "submit_outline")
    return reference


def own_sign_in(council: Council) -> None:
    """Let the council have a sign-in service of its own."""
    council.app.home = dataclasses.replace(council.app.home, sign_in="oidc")


def body(council: Council, mail: OutboxMail) -> str:
    """Return a mail's text in one line, as its reader has it."""
    text = council.read_mail(mail).get_body(("plain",))
    assert text is not None
    return " ".join(text.get_content().split())


def code_for(council: Council, key: str) -> str:
    """Return the six digits of the newest mail with a code, as its reader sees them."""
    (code,) = re.findall(r" (\d{6}) ", body(council, council.mails(to=key, notice="decision_code")[-1]))
    return str(code)
